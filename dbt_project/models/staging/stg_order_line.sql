-- A line of an order; a return is a line with a negative quantity.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('order_line', key=['order_id', 'line_number']) }}
),

final as (
    select
        source_system,
        order_id,
        line_number,
        product_id,
        product_name,
        partner_id,
        line_type,
        is_cancelled,
        quantity,
        unit_price,
        discount_amount,
        net_amount,
        freight_amount,
        tax_amount,
        cost_amount,
        upper(trim(currency)) as currency,
        lined_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
