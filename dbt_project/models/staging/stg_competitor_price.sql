-- A price asked for another brand's product on a day.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('competitor_price', key=['brand', 'product_name', 'region', 'observed_date']) }}
),

final as (
    select
        source_system,
        brand,
        product_name,
        matched_product_id,
        product_line,
        region,
        platform,
        price_band,
        net_price,
        upper(trim(currency)) as currency,
        units,
        observed_date,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
