{#
    Grain: one row per event that makes or reduces revenue (sale line, part of a refund on a line, won deal without an
    order), and one per paid order without lines, so that orders can be counted here; without attributes of customers,
    products and channels, which revenue_events adds. Not additive: orders and customers, every ratio.
#}
with sale_lines as (

    select
        'sale' as event_kind,
        line.paid_date as event_date,
        line.order_key,
        line.line_number,
        cast(null as string) as refund_key,
        cast(null as string) as opportunity_key,
        line.source_system,
        line.source_customer_key,
        line.region,
        line.channel,
        line.product_id,
        line.product_line,
        line.employee_id,
        line.team,
        line.store_id,
        line.quantity,
        line.list_reporting_amount,
        line.discount_reporting_amount,
        line.net_reporting_amount as revenue_reporting_amount,
        line.cost_reporting_amount,
        line.net_reporting_amount as paid_reporting_amount,
        cast(null as decimal(18, 4)) as refunded_reporting_amount
    from {{ ref('fct_order_lines') }} as line
    where line.is_sale and line.paid_date is not null

),

orders_without_lines as (

    select
        'order' as event_kind,
        head.paid_date as event_date,
        head.order_key,
        cast(null as bigint) as line_number,
        cast(null as string) as refund_key,
        cast(null as string) as opportunity_key,
        head.source_system,
        head.source_customer_key,
        head.region,
        head.channel,
        cast(null as string) as product_id,
        '(none)' as product_line,
        head.employee_id,
        head.team,
        head.store_id,
        cast(null as double) as quantity,
        cast(null as decimal(18, 4)) as list_reporting_amount,
        cast(null as decimal(18, 4)) as discount_reporting_amount,
        cast(null as decimal(18, 4)) as revenue_reporting_amount,
        cast(null as decimal(18, 4)) as cost_reporting_amount,
        cast(null as decimal(18, 4)) as paid_reporting_amount,
        cast(null as decimal(18, 4)) as refunded_reporting_amount
    from {{ ref('fct_orders') }} as head
    where head.is_paid_order and head.line_count = 0 and head.paid_date is not null

),

refunds as (

    -- a stated refund takes money back and no goods: it reduces the profit of a line whose cost is known by all of it
    select
        'refund' as event_kind,
        refund.refunded_date as event_date,
        refund.order_key,
        refund.line_number,
        refund.refund_key,
        cast(null as string) as opportunity_key,
        refund.source_system,
        refund.source_customer_key,
        refund.region,
        refund.channel,
        refund.product_id,
        refund.product_line,
        refund.employee_id,
        refund.team,
        refund.store_id,
        cast(null as double) as quantity,
        cast(null as decimal(18, 4)) as list_reporting_amount,
        cast(null as decimal(18, 4)) as discount_reporting_amount,
        -refund.reporting_amount as revenue_reporting_amount,
        case
            when refund.cost_reporting_amount is not null then -refund.cost_reporting_amount
            when refund.refund_kind = 'stated' and line.cost_reporting_amount is not null then cast(0 as decimal(18, 4))
        end as cost_reporting_amount,
        cast(null as decimal(18, 4)) as paid_reporting_amount,
        refund.reporting_amount as refunded_reporting_amount
    from {{ ref('int_refund_lines') }} as refund
    left join {{ ref('fct_order_lines') }} as line
        on refund.order_key = line.order_key and refund.line_number = line.line_number
    where refund.is_counted and refund.refunded_date is not null

),

deals as (

    select
        'deal' as event_kind,
        deal.won_date as event_date,
        cast(null as string) as order_key,
        cast(null as bigint) as line_number,
        cast(null as string) as refund_key,
        deal.opportunity_key,
        deal.source_system,
        deal.source_customer_key,
        deal.region,
        deal.channel,
        cast(null as string) as product_id,
        deal.product_line,
        deal.employee_id,
        deal.team,
        cast(null as string) as store_id,
        cast(null as double) as quantity,
        cast(null as decimal(18, 4)) as list_reporting_amount,
        cast(null as decimal(18, 4)) as discount_reporting_amount,
        deal.reporting_amount as revenue_reporting_amount,
        deal.cost_reporting_amount,
        cast(null as decimal(18, 4)) as paid_reporting_amount,
        cast(null as decimal(18, 4)) as refunded_reporting_amount
    from {{ ref('fct_opportunities') }} as deal
    where deal.is_won and not deal.has_linked_order and deal.won_date is not null

),

events as (

    select * from sale_lines
    union all
    select * from orders_without_lines
    union all
    select * from refunds
    union all
    select * from deals

)

select
    event_kind,
    event_date,
    order_key,
    line_number,
    refund_key,
    opportunity_key,
    source_system,
    source_customer_key,
    region,
    channel,
    product_id,
    product_line,
    employee_id,
    team,
    store_id,
    quantity,
    list_reporting_amount,
    discount_reporting_amount,
    revenue_reporting_amount,
    cost_reporting_amount,
    case when cost_reporting_amount is not null then revenue_reporting_amount end
        as known_cost_revenue_reporting_amount,
    revenue_reporting_amount - cost_reporting_amount as gross_profit_reporting_amount,
    paid_reporting_amount,
    refunded_reporting_amount
from events
