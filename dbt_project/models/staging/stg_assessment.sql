-- An employee's result in an assessment.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('assessment', key=['assessment_id']) }}
),

final as (
    select
        source_system,
        assessment_id,
        employee_id,
        assessment_kind,
        course,
        skill,
        score,
        score_maximum,
        is_passed,
        assessor_employee_id,
        assessed_date,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
