{#
    Grain: one row per event that makes or reduces revenue (sale line, part of a refund on a line, won deal without an
    order), and one per paid order without lines, so that orders can be counted here.
    Not additive: orders and customers (count them distinct), every ratio.
    A deal names no product: it is of the type of its line's products where they are all of one.
#}
with line_types as (

    select
        product_line,
        max(product_type) as product_type
    from {{ ref('dim_product') }}
    group by 1
    having min(product_type) = max(product_type)

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
    coalesce(product.product_type, line_type.product_type, '(none)') as product_type,
    coalesce(product.is_high_margin, false) as is_high_margin,
    event.employee_id,
    event.team,
    event.store_id,
    coalesce(customer.industry, '(none)') as industry,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    coalesce(customer.is_industry_emerging, false) as is_industry_emerging,
    everywhere.event_date is not null or there.event_date is not null as is_promotion,
    {{ is_fourth_quarter('event.event_date') }} as is_fourth_quarter,
    event.quantity,
    event.list_reporting_amount,
    event.discount_reporting_amount,
    event.revenue_reporting_amount,
    event.cost_reporting_amount,
    event.known_cost_revenue_reporting_amount,
    event.gross_profit_reporting_amount,
    event.paid_reporting_amount,
    event.refunded_reporting_amount
from {{ ref('int_revenue__events') }} as event
{{ customer_id_lookup('event') }}
left join {{ ref('dim_customer') }} as customer on customer_link.customer_id = customer.customer_id
left join {{ ref('dim_channel') }} as channel on event.channel = channel.channel
left join {{ ref('dim_product') }} as product on event.product_id = product.product_id
left join line_types as line_type on event.product_id is null and event.product_line = line_type.product_line
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
{{ customer_tier_lookup(customer_id_column(), 'event.event_date') }}
