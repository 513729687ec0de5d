-- A booked expense.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('expense', key=['expense_id']) }}
),

final as (
    select
        source_system,
        expense_id,
        expense_date,
        category,
        region,
        marketing_channel,
        campaign_id,
        team,
        employee_id,
        store_id,
        amount,
        upper(trim(currency)) as currency,
        purpose,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
