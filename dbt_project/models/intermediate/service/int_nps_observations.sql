{#
    Grain: one row per answer on recommendation of a group of respondents for whom what they went through is known:
    callers (about a ticket: waiting, time to the solution, a complaint or not) and buyers (about an order: delivery time,
    money back or not).
#}
with refunded as (

    select distinct order_key
    from {{ ref('fct_refunds') }}
    where order_key is not null

)

select
    answer.response_id,
    'callers' as respondents,
    {{ period_start('quarter', 'answer.answered_date') }} as quarter_start_date,
    answer.recommendation,
    ticket.response_clock_hours as first_response_hours,
    ticket.resolution_hours,
    case when ticket.is_complaint then 1.0 else 0.0 end as is_complaint,
    cast(null as double) as delivery_days,
    cast(null as double) as is_refunded
from {{ ref('nps_answers') }} as answer
inner join {{ ref('fct_tickets') }} as ticket on answer.ticket_key = ticket.ticket_key
where ticket.response_clock_hours is not null and ticket.resolution_hours is not null

union all

select
    answer.response_id,
    'buyers' as respondents,
    {{ period_start('quarter', 'answer.answered_date') }} as quarter_start_date,
    answer.recommendation,
    cast(null as double) as first_response_hours,
    cast(null as double) as resolution_hours,
    cast(null as double) as is_complaint,
    {{ elapsed_days('head.paid_at', 'head.completed_at') }} as delivery_days,
    case when refunded.order_key is not null then 1.0 else 0.0 end as is_refunded
from {{ ref('nps_answers') }} as answer
inner join {{ ref('fct_orders') }} as head
    on answer.customer_system = head.source_system and answer.order_id = head.order_id
left join refunded on head.order_key = refunded.order_key
where answer.ticket_key is null and head.completed_at >= head.paid_at
