{#
    Grain: one row per customer and loss: no paid order for more than the days of the segment lost. A customer who comes
    back can be lost again. Rows can be counted; days cannot be added up.
#}
with orders as (

    select
        customer_id,
        paid_date,
        lead(paid_date) over (partition by customer_id order by paid_date, order_key) as next_paid_date
    from {{ ref('int_paid_orders__by_customer') }}

),

losses as (

    select
        customer_id,
        paid_date as last_paid_date,
        {{ add_days('paid_date', (var('rfm_general_recency_days') | int) + 1) }} as lost_date,
        next_paid_date
    from orders

),

-- what customers say when they are asked why they left
reasons as (

    select
        losses.customer_id,
        losses.lost_date,
        {{ first_stated('answer.reason', 'answer.answered_at') }} as reason,
        max(answer.asked_date) as asked_date
    from losses
    inner join {{ ref('int_leaving_reasons__by_customer') }} as answer
        on
            losses.customer_id = answer.customer_id
            and losses.lost_date <= answer.asked_date
            and coalesce(losses.next_paid_date, {{ add_days(as_of_date(), 1) }}) > answer.asked_date
    group by 1, 2

)

select
    losses.customer_id,
    losses.lost_date,
    losses.last_paid_date,
    coalesce(customer.region, '(none)') as region,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    losses.next_paid_date as returned_date,
    coalesce(
        losses.next_paid_date <= {{ add_days('losses.lost_date', var('win_back_days')) }}, false
    ) as is_won_back,
    {{ add_days('losses.lost_date', var('win_back_days')) }} <= {{ as_of_date() }} as is_win_back_known,
    reasons.asked_date is not null as is_asked,
    case when reasons.asked_date is not null then coalesce(reasons.reason, '(none)') end as reason
from losses
left join reasons on losses.customer_id = reasons.customer_id and losses.lost_date = reasons.lost_date
left join {{ ref('dim_customer') }} as customer on losses.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier on losses.customer_id = tier.customer_id and tier.is_current
where
    losses.lost_date <= {{ as_of_date() }}
    and (losses.next_paid_date is null or losses.next_paid_date > losses.lost_date)
