{#
    Grain: one row per ticket or chat. Times are not additive. A complaint is a repeated one when the same customer
    complained of the same cause within the days before.
#}
with complaints as (

    select
        ticket.ticket_key,
        ticket.created_at,
        lag(ticket.created_at) over (
            partition by {{ customer_id_column() }}, ticket.cause order by ticket.created_at, ticket.ticket_key
        ) as earlier_created_at
    from {{ ref('int_tickets__placed') }} as ticket
    {{ customer_id_lookup('ticket', 'customer_system') }}
    where ticket.ticket_kind = 'complaint' and {{ customer_id_column() }} is not null and ticket.created_at is not null

)

select
    ticket.ticket_key,
    ticket.ticket_id,
    ticket.source_system,
    ticket.customer_system,
    ticket.source_customer_key,
    ticket.ticket_kind,
    ticket.contact_channel,
    ticket.region,
    ticket.product_line,
    ticket.product_id,
    ticket.order_id,
    ticket.device_key,
    ticket.employee_id,
    ticket.team,
    ticket.priority,
    ticket.cause,
    ticket.status,
    ticket.is_bot_begun,
    ticket.is_bot_closed,
    ticket.message_count,
    ticket.ticket_kind = 'complaint' as is_complaint,
    ticket.ticket_kind = 'chat' as is_chat,
    coalesce(
        complaints.earlier_created_at
        >= {{ add_hours('ticket.created_at', -24 * (var('service_repeat_complaint_days') | int)) }}, false
    ) as is_repeated_complaint,
    ticket.created_at,
    ticket.first_responded_at,
    ticket.handed_over_at,
    ticket.solved_at,
    ticket.called_back_at,
    ticket.is_call_back_confirmed,
    ticket.created_date,
    {{ reporting_date('ticket.first_responded_at') }} as responded_date,
    {{ reporting_date('ticket.solved_at') }} as solved_date,
    {{ reporting_date('ticket.called_back_at') }} as called_back_date,
    ticket.response_clock_hours,
    ticket.first_response_hours,
    coalesce(ticket.first_response_hours <= {{ var('service_first_response_hours') }}, false) as is_answered_within_2h,
    ticket.ticket_kind = 'chat'
    and coalesce(ticket.response_clock_hours * 3600 <= {{ var('service_chat_response_seconds') }} + 0.000001, false)
        as is_answered_within_30s,
    ticket.resolution_hours,
    coalesce(ticket.resolution_hours <= {{ var('service_resolution_limit_hours') }}, false) as is_solved_within_72h,
    {{ lineage_columns('ticket') }}
from {{ ref('int_tickets__placed') }} as ticket
left join complaints on ticket.ticket_key = complaints.ticket_key
