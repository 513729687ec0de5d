-- An action as it stood after a change.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('action_item', key=['action_id', 'updated_at']) }}
),

final as (
    select
        source_system,
        action_id,
        meeting_id,
        kpi_id,
        what,
        why,
        how,
        place,
        region,
        responsible_employee_id,
        accountable_employee_id,
        consulted,
        informed,
        resources,
        acceptance_criterion,
        start_date,
        due_date,
        done_date,
        status,
        light,
        dispute_since,
        dispute_tier,
        value_before,
        value_after,
        proposer_employee_id,
        accepter_employee_id,
        proposer_verified_date,
        accepter_verified_date,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
