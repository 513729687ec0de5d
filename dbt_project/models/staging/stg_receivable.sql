-- A receivable as it stood after a change of its balance.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('receivable', key=['receivable_id', 'changed_at']) }}
),

final as (
    select
        source_system,
        receivable_id,
        source_customer_key,
        customer_system,
        order_id,
        order_system,
        opportunity_id,
        contract_id,
        employee_id,
        region,
        credit_rating,
        amount,
        upper(trim(currency)) as currency,
        issued_date,
        due_date,
        received_amount,
        balance_amount,
        status,
        changed_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
