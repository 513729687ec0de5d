{#
    Grain: one row per day, region, tier and product line on which customers begin or cease to count as having paid orders in
    the trailing window. Columns are changes: the figure on a day is the sum of all changes up to it.
    Customer columns are on rows without a product line, line_* columns (orders of one product line) on rows with one.
#}
with order_lines as (

    select
        event.order_key,
        event.product_line,
        min(event.event_date) as paid_date
    from {{ ref('revenue_events') }} as event
    where event.event_kind = 'sale'
    group by 1, 2

),

orders as (

    select
        paid.customer_id,
        cast(null as string) as product_line,
        paid.order_key,
        paid.paid_date
    from {{ ref('int_paid_orders__by_customer') }} as paid

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
        customer_id,
        product_line,
        paid_date,
        {{ add_months('paid_date', var('trailing_months') | int) }} as expires_date,
        lead(paid_date) over (partition by customer_id, product_line order by paid_date, order_key) as next_date,
        {{ add_months(
            'lag(paid_date) over (partition by customer_id, product_line order by paid_date, order_key)',
            var('trailing_months') | int
        ) }} as earlier_expires_date
    from orders

),

-- from each order to the next: one order is in the window until it leaves it, two while the earlier one is in it too
spans as (

    select
        customer_id,
        product_line,
        paid_date as from_date,
        least(expires_date, coalesce(next_date, expires_date)) as to_date,
        1 as active,
        0 as repeated
    from neighbours
    where expires_date > paid_date and coalesce(next_date, expires_date) > paid_date

    union all

    select
        customer_id,
        product_line,
        paid_date as from_date,
        least(earlier_expires_date, coalesce(next_date, earlier_expires_date)) as to_date,
        0 as active,
        1 as repeated
    from neighbours
    where earlier_expires_date > paid_date and coalesce(next_date, earlier_expires_date) > paid_date

),

changes as (

    select
        from_date as change_date,
        customer_id,
        product_line,
        active,
        repeated
    from spans

    union all

    select
        to_date as change_date,
        customer_id,
        product_line,
        -active as active,
        -repeated as repeated
    from spans

)

select
    changes.change_date,
    coalesce(customer.region, '(none)') as region,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    changes.product_line,
    {{ integer('sum(case when changes.product_line is null then changes.active else 0 end)') }}
        as active_customer_change,
    {{ integer('sum(case when changes.product_line is null then changes.repeated else 0 end)') }}
        as repeat_customer_change,
    {{ integer('sum(case when changes.product_line is not null then changes.active else 0 end)') }}
        as line_active_customer_change,
    {{ integer('sum(case when changes.product_line is not null then changes.repeated else 0 end)') }}
        as line_repeat_customer_change
from changes
left join {{ ref('dim_customer') }} as customer on changes.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier on changes.customer_id = tier.customer_id and tier.is_current
where changes.change_date <= {{ as_of_date() }}
group by 1, 2, 3, 4
having sum(changes.active) <> 0 or sum(changes.repeated) <> 0
