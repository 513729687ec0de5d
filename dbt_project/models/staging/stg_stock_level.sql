-- Stock of a product at the end of a day.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('stock_level', key=['product_id', 'channel', 'store_id', 'stock_date']) }}
),

final as (
    select
        source_system,
        product_id,
        channel,
        store_id,
        stock_date,
        quantity,
        stock_value,
        upper(trim(currency)) as currency,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
