-- An opportunity's entry into a stage.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('opportunity_stage', key=['opportunity_id', 'stage', 'entered_at']) }}
),

final as (
    select
        source_system,
        opportunity_id,
        stage,
        amount,
        upper(trim(currency)) as currency,
        employee_id,
        has_document,
        entered_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
