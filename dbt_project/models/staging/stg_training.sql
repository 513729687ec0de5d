-- An employee's part in a course.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('training', key=['training_id']) }}
),

final as (
    select
        source_system,
        training_id,
        employee_id,
        course,
        course_kind,
        trainer,
        started_date,
        finished_date,
        hours,
        is_completed,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
