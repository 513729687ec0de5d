-- A device at a customer.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('device', key=['device_id']) }}
),

final as (
    select
        source_system,
        device_id,
        model,
        product_id,
        product_line,
        source_customer_key,
        customer_system,
        order_id,
        region,
        province,
        city,
        firmware,
        status,
        active_from,
        active_to,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
