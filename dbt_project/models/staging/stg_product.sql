-- A product or service.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('product', key=['product_id'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        product_id,
        product_name,
        product_line,
        product_type,
        life_cycle_stage,
        launch_date,
        is_high_margin,
        is_star,
        unit_cost,
        list_price,
        upper(trim(currency)) as currency,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
