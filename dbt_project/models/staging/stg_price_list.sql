-- A product's prices in a channel while they are valid.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('price_list', key=['product_id', 'channel', 'valid_from']) }}
),

final as (
    select
        source_system,
        product_id,
        channel,
        list_price,
        floor_price,
        upper(trim(currency)) as currency,
        valid_from,
        valid_to,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
