{#
    Grain: one row per month, region, product line and cause of complaints. Counts are additive, customers and medians are
    not.
#}
select
    {{ period_start('month', 'ticket.created_date') }} as complaint_month,
    ticket.region,
    ticket.product_line,
    ticket.cause,
    {{ integer('count(*)') }} as complaint_count,
    {{ integer('count(distinct ' ~ customer_id_column() ~ ')') }} as complaining_customer_count,
    {{ integer('sum(case when ticket.is_repeated_complaint then 1 else 0 end)') }} as repeated_complaint_count,
    {{ integer('count(ticket.first_responded_at)') }} as answered_count,
    {{ integer(
        "sum(case when ticket.first_response_hours <= " ~ var('service_complaint_response_hours') ~ " then 1 else 0 end)"
    ) }} as answered_in_time_count,
    median(ticket.first_response_hours) as median_first_response_hours,
    {{ integer('count(ticket.solved_at)') }} as solved_count,
    {{ integer('sum(case when ticket.is_solved_within_72h then 1 else 0 end)') }} as solved_within_72h_count,
    median(ticket.resolution_hours) as median_resolution_hours,
    {{ integer('sum(case when ticket.solved_at is not null and ticket.called_back_at is not null then 1 else 0 end)') }}
        as called_back_count,
    {{ integer(
        'sum(case when ticket.solved_at is not null and ticket.called_back_at is not null'
        ~ ' and ticket.is_call_back_confirmed then 1 else 0 end)'
    ) }} as confirmed_count
from {{ ref('fct_tickets') }} as ticket
{{ customer_id_lookup('ticket', 'customer_system') }}
where ticket.is_complaint and ticket.created_date is not null
group by 1, 2, 3, 4
