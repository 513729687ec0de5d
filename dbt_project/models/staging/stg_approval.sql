-- A request for approval.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('approval', key=['approval_id']) }}
),

final as (
    select
        source_system,
        approval_id,
        approval_kind,
        subject_id,
        region,
        requester_employee_id,
        approver_employee_id,
        requested_amount,
        granted_amount,
        upper(trim(currency)) as currency,
        requested_rate,
        granted_rate,
        status,
        stated_working_days,
        reason,
        submitted_at,
        decided_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
