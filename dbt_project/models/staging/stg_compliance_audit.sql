-- An audit of a deal.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('compliance_audit', key=['audit_id']) }}
),

final as (
    select
        source_system,
        audit_id,
        opportunity_id,
        opportunity_system,
        employee_id,
        region,
        auditor_employee_id,
        finding,
        has_contact_records,
        comment,
        audited_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
