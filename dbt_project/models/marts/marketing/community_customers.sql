{#
    Grain: one row per month, platform and customer who was active in a community of it. Customers do not add up over
    months and platforms: count them anew. The customer is the one resolved at the build.
#}
with active as (

    select
        {{ period_start('month', 'activity.activity_date') }} as activity_month,
        activity.platform,
        {{ customer_id_column() }},
        {{ integer('count(distinct activity.activity_date)') }} as active_days,
        {{ integer('sum(activity.message_count)') }} as message_count,
        {{ integer('sum(activity.reaction_count)') }} as reaction_count
    from {{ ref('fct_community_activity') }} as activity
    {{ customer_id_lookup('activity', 'customer_system') }}
    where activity.is_active and activity.activity_date is not null and {{ customer_id_column() }} is not null
    group by 1, 2, 3

),

orders as (

    select
        customer_id,
        {{ period_start('month', 'paid_date') }} as paid_month,
        {{ integer('count(*)') }} as order_count
    from {{ ref('int_paid_orders__by_customer') }}
    group by 1, 2

)

select
    active.activity_month,
    active.platform,
    active.customer_id,
    active.active_days,
    active.message_count,
    active.reaction_count,
    {{ integer('coalesce(orders.order_count, 0)') }} as order_count,
    orders.order_count is not null as has_order
from active
left join orders
    on
        active.customer_id = orders.customer_id
        and active.activity_month = orders.paid_month
