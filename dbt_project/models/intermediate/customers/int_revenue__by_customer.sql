{# Grain: one row per known customer, day and product line: sales and won deals less refunds. #}
select
    {{ customer_id_column() }},
    event.event_date,
    event.product_line,
    {{ money('sum(coalesce(event.revenue_reporting_amount, 0))') }} as revenue_reporting_amount,
    {{ money('sum(event.known_cost_revenue_reporting_amount)') }} as known_cost_revenue_reporting_amount,
    {{ money("sum(case when event.event_kind <> 'refund' then event.known_cost_revenue_reporting_amount end)") }}
        as known_cost_sales_reporting_amount,
    {{ money('sum(event.gross_profit_reporting_amount)') }} as gross_profit_reporting_amount,
    {{ any_true("event.event_kind in ('sale', 'deal')") }} as has_purchase
from {{ ref('int_revenue__events') }} as event
{{ customer_id_lookup('event') }}
where {{ customer_id_column() }} is not null and event.event_date <= {{ as_of_date() }}
group by 1, 2, 3
