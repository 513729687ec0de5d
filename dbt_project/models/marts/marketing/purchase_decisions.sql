{#
    Grain: one row per conversion that a touch came before, and product line bought: hours from the first touch (of the
    attribution window) to payment. Not additive: medians only; a conversion's own hours stand on its first line alone.
#}
with first_touches as (

    select
        conversion_kind,
        conversion_key,
        marketing_channel,
        touched_at
    from {{ ref('int_attribution__touches') }}
    where place = 1 and touchpoint_key is not null

),

bought as (

    select distinct
        'order' as conversion_kind,
        order_key as conversion_key,
        product_line
    from {{ ref('fct_order_lines') }}
    where is_sale

    union all

    select
        'deal' as conversion_kind,
        opportunity_key as conversion_key,
        product_line
    from {{ ref('fct_opportunities') }}
    where is_won

),

decisions as (

    select
        conversion.conversion_kind,
        conversion.conversion_key,
        conversion.conversion_date,
        touch.marketing_channel,
        coalesce(bought.product_line, '(none)') as product_line,
        touch.touched_at as first_touched_at,
        conversion.paid_at,
        case
            when conversion.paid_at >= touch.touched_at
                then {{ elapsed_hours('touch.touched_at', 'conversion.paid_at') }}
        end as decision_hours,
        row_number() over (
            partition by conversion.conversion_kind, conversion.conversion_key order by bought.product_line
        ) as place
    from {{ ref('int_conversions__valued') }} as conversion
    inner join first_touches as touch
        on
            conversion.conversion_kind = touch.conversion_kind
            and conversion.conversion_key = touch.conversion_key
    left join bought
        on
            conversion.conversion_kind = bought.conversion_kind
            and conversion.conversion_key = bought.conversion_key

)

select
    conversion_kind,
    conversion_key,
    product_line,
    conversion_date,
    marketing_channel,
    first_touched_at,
    paid_at,
    decision_hours,
    case when place = 1 then decision_hours end as conversion_decision_hours
from decisions
