{#
    Grain: one row per course. Counts are additive over courses, rates, growths and the uplift are not.
    growth = conversion after / conversion before - 1; uplift = growth of those trained - growth of untrained peers.
#}
with participants as (

    select
        course,
        count(distinct employee_id) as people_trained,
        sum(hours) as hours,
        min(finished_date) as first_finished_date,
        max(finished_date) as last_finished_date
    from {{ ref('fct_training') }}
    where is_completed
    group by 1

),

windows as (

    select
        course,
        count(*) as participations_measured,
        sum(trained_leads_before) as trained_leads_before,
        sum(trained_won_before) as trained_won_before,
        sum(trained_leads_after) as trained_leads_after,
        sum(trained_won_after) as trained_won_after,
        sum(peer_leads_before) as peer_leads_before,
        sum(peer_won_before) as peer_won_before,
        sum(peer_leads_after) as peer_leads_after,
        sum(peer_won_after) as peer_won_after
    from {{ ref('training_windows') }}
    group by 1

),

rates as (

    select
        participants.*,
        windows.participations_measured,
        windows.trained_leads_before,
        windows.trained_leads_after,
        cast(windows.trained_won_before as double) / nullif(windows.trained_leads_before, 0) as conversion_before,
        cast(windows.trained_won_after as double) / nullif(windows.trained_leads_after, 0) as conversion_after,
        cast(windows.peer_won_before as double) / nullif(windows.peer_leads_before, 0) as peer_conversion_before,
        cast(windows.peer_won_after as double) / nullif(windows.peer_leads_after, 0) as peer_conversion_after
    from participants
    left join windows on participants.course = windows.course

),

growths as (

    select
        rates.*,
        conversion_after / nullif(conversion_before, 0) - 1 as growth,
        peer_conversion_after / nullif(peer_conversion_before, 0) - 1 as peer_growth
    from rates

)

select
    course,
    {{ integer('people_trained') }} as people_trained,
    cast(hours as double) as hours,
    first_finished_date,
    last_finished_date,
    {{ integer('coalesce(participations_measured, 0)') }} as participations_measured,
    {{ integer('coalesce(trained_leads_before, 0)') }} as trained_leads_before,
    {{ integer('coalesce(trained_leads_after, 0)') }} as trained_leads_after,
    conversion_before,
    conversion_after,
    growth,
    peer_conversion_before,
    peer_conversion_after,
    peer_growth,
    growth - peer_growth as uplift
from growths
