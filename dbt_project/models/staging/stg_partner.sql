-- A seller on a marketplace, or a distributor.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('partner', key=['partner_id']) }}
),

final as (
    select
        source_system,
        partner_id,
        partner_kind,
        country_code,
        province,
        city,
        postcode_area,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
