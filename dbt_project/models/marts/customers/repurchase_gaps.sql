{#
    Grain: one row per paid order that follows another of the same customer (product_line null), and the same within each
    product line. Days between are not additive: take medians. Region, tier and industry as they are now.
#}
with order_lines as (

    select distinct
        event.order_key,
        event.product_line
    from {{ ref('revenue_events') }} as event
    where event.event_kind = 'sale'

),

orders as (

    select
        customer_id,
        cast(null as string) as product_line,
        order_key,
        paid_date
    from {{ ref('int_paid_orders__by_customer') }}

    union all

    select
        paid.customer_id,
        order_lines.product_line,
        paid.order_key,
        paid.paid_date
    from {{ ref('int_paid_orders__by_customer') }} as paid
    inner join order_lines on paid.order_key = order_lines.order_key

),

neighbours as (

    select
        *,
        lag(paid_date) over (partition by customer_id, product_line order by paid_date, order_key) as earlier_paid_date
    from orders

)

select
    neighbours.customer_id,
    neighbours.product_line,
    neighbours.order_key,
    neighbours.paid_date,
    neighbours.earlier_paid_date,
    {{ integer(days_between('neighbours.earlier_paid_date', 'neighbours.paid_date')) }} as gap_days,
    coalesce(customer.region, '(none)') as region,
    coalesce(customer.industry, '(none)') as industry,
    coalesce(tier.customer_tier, '(none)') as customer_tier
from neighbours
left join {{ ref('dim_customer') }} as customer on neighbours.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier on neighbours.customer_id = tier.customer_id and tier.is_current
where neighbours.earlier_paid_date is not null
