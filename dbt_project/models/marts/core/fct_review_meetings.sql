-- Grain: one row per review meeting, also those that were not held. Hours are not additive.
with

meetings as (
    select * from {{ ref('stg_review_meeting') }}
),

final as (
    select
        source_system || ':' || meeting_id as meeting_key,
        meeting_id,
        source_system,
        cadence,
        {{ member('scope') }} as scope,
        chair_employee_id,
        planned_at,
        held_at,
        {{ reporting_date('coalesce(held_at, planned_at)') }} as meeting_date,
        held_at is not null as is_held,
        pack_ready_at,
        {{ elapsed_days('pack_ready_at', 'planned_at') }} as pack_lead_days,
        coalesce({{ elapsed_days('pack_ready_at', 'planned_at') }} >= {{ var('review_pack_lead_days') }}, false)
            as is_pack_in_time,
        memo_at,
        {{ elapsed_days('held_at', 'memo_at') }} * 24 as memo_hours,
        coalesce({{ elapsed_days('held_at', 'memo_at') }} * 24 <= {{ var('review_memo_hours') }}, false)
            as is_memo_in_time,
        {{ integer('attendees') }} as attendees,
        {{ lineage_columns('meetings') }}
    from meetings
)

select * from final
