-- A point of a postcode area; several per area.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('postcode_area', key=['postcode_area', 'latitude', 'longitude']) }}
),

final as (
    select
        source_system,
        postcode_area,
        country_code,
        province,
        city,
        latitude,
        longitude,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
