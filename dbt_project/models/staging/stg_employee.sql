-- An employee and a validity of the attributes.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('employee', key=['employee_id', 'valid_from']) }}
),

final as (
    select
        source_system,
        employee_id,
        employee_name,
        team,
        region,
        role,
        manager_employee_id,
        source_user_key,
        hired_date,
        left_date,
        valid_from,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
