-- A refund of an order or a line.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('refund', key=['order_id', 'refund_number']) }}
),

final as (
    select
        source_system,
        order_id,
        refund_number,
        line_number,
        amount,
        upper(trim(currency)) as currency,
        reason,
        refunded_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
