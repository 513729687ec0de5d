-- A payment of an order.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('payment', key=['order_id', 'payment_number']) }}
),

final as (
    select
        source_system,
        order_id,
        payment_number,
        method,
        installments,
        amount,
        upper(trim(currency)) as currency,
        paid_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
