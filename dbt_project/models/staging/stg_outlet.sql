-- An outlet or platform and a brand that it carries or not, in a month.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('outlet', key=['outlet_id', 'brand', 'observed_month']) }}
),

final as (
    select
        source_system,
        outlet_id,
        outlet_name,
        outlet_kind,
        region,
        province,
        city,
        brand,
        is_carried,
        observed_month,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
