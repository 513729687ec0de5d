-- A risk as it stood in a month.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('risk', key=['risk_id', 'risk_month']) }}
),

final as (
    select
        source_system,
        risk_id,
        risk_month,
        risk_name,
        category,
        kpi_id,
        threshold,
        risk_level,
        owner_employee_id,
        plan,
        event_count,
        hours_to_answer,
        outcome,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
