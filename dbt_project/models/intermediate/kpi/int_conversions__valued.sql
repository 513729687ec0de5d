{#
    Grain: one row per conversion: a paid order, or a won deal that no order stands for.
    A touch counts up to the moment of the order (of winning, for a deal); value is what was paid, before refunds.
#}
with order_values as (

    select
        order_key,
        sum(paid_reporting_amount) as value_reporting_amount,
        sum(gross_profit_reporting_amount) as gross_profit_reporting_amount
    from {{ ref('revenue_events') }}
    where event_kind = 'sale'
    group by 1

)

select
    'order' as conversion_kind,
    head.order_key as conversion_key,
    {{ customer_id_column() }},
    coalesce(head.ordered_at, head.paid_at) as converted_at,
    coalesce(head.paid_at, head.ordered_at) as paid_at,
    head.paid_date as conversion_date,
    head.region,
    head.marketing_channel as stated_channel,
    coalesce(order_values.value_reporting_amount, 0) as value_reporting_amount,
    coalesce(order_values.gross_profit_reporting_amount, 0) as gross_profit_reporting_amount
from {{ ref('fct_orders') }} as head
{{ customer_id_lookup('head') }}
left join order_values on head.order_key = order_values.order_key
where head.is_paid_order and head.paid_date is not null

union all

select
    'deal' as conversion_kind,
    deal.opportunity_key as conversion_key,
    {{ customer_id_column() }},
    deal.won_at as converted_at,
    deal.won_at as paid_at,
    deal.won_date as conversion_date,
    deal.region,
    deal.marketing_channel as stated_channel,
    coalesce(deal.reporting_amount, 0) as value_reporting_amount,
    coalesce(deal.reporting_amount - deal.cost_reporting_amount, 0) as gross_profit_reporting_amount
from {{ ref('fct_opportunities') }} as deal
{{ customer_id_lookup('deal') }}
where deal.is_won and not deal.has_linked_order and deal.won_date is not null
