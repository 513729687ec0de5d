-- A mentor's care for a newcomer.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('mentoring', key=['mentor_employee_id', 'mentee_employee_id', 'start_date']) }}
),

final as (
    select
        source_system,
        mentor_employee_id,
        mentee_employee_id,
        start_date,
        end_date,
        is_passed,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
