{# Grain: one row per month with one-off revenue; additive. #}
select
    month_start,
    {{ money('sum(sale_reporting_amount)') }} as one_off_reporting_amount
from {{ ref('int_revenue__one_off_sales') }}
group by 1
