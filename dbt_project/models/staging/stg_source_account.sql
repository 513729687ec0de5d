-- An account that an employee has in a source system.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('source_account', key=['account_system', 'account_id']) }}
),

final as (
    select
        source_system,
        account_system,
        account_id,
        employee_id,
        role,
        is_active,
        last_login_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
