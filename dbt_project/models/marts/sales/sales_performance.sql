{#
    Grain: one row per day, region, store, channel, product line and employee. All measures are additive; filters that
    cross dimensions are computed from here, ratios as sum over sum.
#}
select
    event_date as performance_date,
    region,
    {{ member('store_id') }} as store_id,
    channel,
    product_line,
    {{ member('employee_id') }} as employee_id,
    {{ money('sum(coalesce(revenue_reporting_amount, 0))') }} as revenue_reporting_amount,
    {{ money("sum(case when event_kind = 'deal' then coalesce(revenue_reporting_amount, 0) else 0 end)") }}
        as deal_revenue_reporting_amount,
    {{ money('sum(coalesce(known_cost_revenue_reporting_amount, 0))') }} as known_cost_revenue_reporting_amount,
    {{ money('sum(coalesce(gross_profit_reporting_amount, 0))') }} as gross_profit_reporting_amount,
    {{ money('sum(coalesce(paid_reporting_amount, 0))') }} as paid_reporting_amount,
    {{ money('sum(coalesce(refunded_reporting_amount, 0))') }} as refunded_reporting_amount,
    sum(coalesce(quantity, 0)) as quantity,
    {{ integer("sum(case when event_kind = 'sale' then 1 else 0 end)") }} as sale_line_count
from {{ ref('revenue_events') }}
group by 1, 2, 3, 4, 5, 6
