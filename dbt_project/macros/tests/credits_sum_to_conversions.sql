{#
    Conversions whose credits by a model do not sum to one, or not to the conversion's value, or that a model leaves out,
    or credits twice to the same touch.
#}
{% test credits_sum_to_conversions(model, conversions, tolerance=0.000000001) %}
with credited as (

    select
        conversion_kind,
        conversion_key,
        attribution_model,
        sum(credit) as credit,
        sum(revenue) as revenue,
        count(*) - count(distinct coalesce(touchpoint_key, '')) as repeated
    from {{ model }}
    group by 1, 2, 3

)

select
    conversion.conversion_kind,
    conversion.conversion_key,
    models.attribution_model,
    credited.credit,
    credited.revenue,
    credited.repeated
from {{ conversions }} as conversion
cross join {{ attribution_model_rows() }} as models
left join credited
    on
        conversion.conversion_kind = credited.conversion_kind
        and conversion.conversion_key = credited.conversion_key
        and models.attribution_model = credited.attribution_model
where
    credited.credit is null
    or abs(credited.credit - 1) > {{ tolerance }}
    or credited.revenue <> conversion.value_reporting_amount
    or credited.repeated > 0
{% endtest %}
