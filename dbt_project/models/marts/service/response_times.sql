{#
    Grain: one row per day of creation, region, employee and kind of ticket. Counts and sums of hours are additive within a
    kind, medians are not. The limit is that of the kind: chats in seconds, complaints two working days, others working
    hours.
#}
with judged as (

    select
        *,
        case ticket_kind
            when 'chat' then is_answered_within_30s
            when 'complaint'
                then coalesce(first_response_hours <= {{ var('service_complaint_response_hours') }}, false)
            else is_answered_within_2h
        end as is_answered_in_time
    from {{ ref('fct_tickets') }}
    where created_date is not null

)

select
    created_date,
    region,
    {{ member('employee_id') }} as employee_id,
    ticket_kind,
    {{ integer('count(*)') }} as ticket_count,
    {{ integer('count(first_responded_at)') }} as answered_count,
    {{ integer('sum(case when is_answered_in_time then 1 else 0 end)') }} as answered_in_time_count,
    cast(sum(cast(first_response_hours as decimal(18, 6))) as double) as first_response_hours_total,
    median(first_response_hours) as median_first_response_hours,
    {{ integer('count(solved_at)') }} as solved_count,
    {{ integer(
        'sum(case when resolution_hours <= ' ~ var('service_resolution_aim_hours') ~ ' then 1 else 0 end)'
    ) }} as solved_within_aim_count,
    {{ integer('sum(case when is_solved_within_72h then 1 else 0 end)') }} as solved_within_72h_count,
    cast(sum(cast(resolution_hours as decimal(18, 6))) as double) as resolution_hours_total,
    median(resolution_hours) as median_resolution_hours
from judged
group by 1, 2, 3, 4
