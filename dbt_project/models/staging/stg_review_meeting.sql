-- A review meeting.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('review_meeting', key=['meeting_id']) }}
),

final as (
    select
        source_system,
        meeting_id,
        cadence,
        scope,
        chair_employee_id,
        planned_at,
        held_at,
        pack_ready_at,
        memo_at,
        attendees,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
