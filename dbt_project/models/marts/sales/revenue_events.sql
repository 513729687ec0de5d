{#
    Grain: one row per event that makes or reduces revenue (sale line, part of a refund on a line, won deal without an
    order), and one per paid order without lines, so that orders can be counted here.
    Not additive: orders and customers (count them distinct), every ratio.
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
    event.event_kind,
    event.event_date,
    event.order_key,
    event.line_number,
    event.refund_key,
    event.opportunity_key,
    event.source_system,
    event.source_customer_key,
    event.region,
    event.channel,
    coalesce(channel.channel_group, 'unknown') as channel_group,
    coalesce(channel.is_online, false) as is_online,
    event.product_id,
    event.product_line,
    coalesce(product.product_type, '(none)') as product_type,
    coalesce(product.is_high_margin, false) as is_high_margin,
    event.employee_id,
    event.team,
    event.store_id,
    coalesce(customer.industry, '(none)') as industry,
    coalesce(customer.is_industry_emerging, false) as is_industry_emerging,
    everywhere.event_date is not null or there.event_date is not null as is_promotion,
    {{ is_fourth_quarter('event.event_date') }} as is_fourth_quarter,
    event.quantity,
    event.list_reporting_amount,
    event.discount_reporting_amount,
    event.revenue_reporting_amount,
    event.cost_reporting_amount,
    case when event.cost_reporting_amount is not null then event.revenue_reporting_amount end
        as known_cost_revenue_reporting_amount,
    event.revenue_reporting_amount - event.cost_reporting_amount as gross_profit_reporting_amount,
    event.paid_reporting_amount,
    event.refunded_reporting_amount
from events as event
{{ customer_id_lookup('event') }}
left join {{ ref('dim_customer') }} as customer on customer_link.customer_id = customer.customer_id
left join {{ ref('dim_channel') }} as channel on event.channel = channel.channel
left join {{ ref('dim_product') }} as product on event.product_id = product.product_id
left join {{ ref('int_promotion_days') }} as everywhere
    on
        event.event_date = everywhere.event_date
        and event.channel = everywhere.channel
        and everywhere.region = 'all'
left join {{ ref('int_promotion_days') }} as there
    on
        event.event_date = there.event_date
        and event.channel = there.channel
        and event.region = there.region
