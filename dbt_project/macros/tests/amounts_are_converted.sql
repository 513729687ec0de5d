{# Amounts that have no reporting amount, by currency: no rate is known for their day. #}
{% test amounts_are_converted(model, amount, reporting_amount, currency='currency') %}
select
    {{ currency }} as currency,
    count(*) as row_count
from {{ model }}
where {{ amount }} is not null and {{ reporting_amount }} is null
group by {{ currency }}
{% endtest %}
