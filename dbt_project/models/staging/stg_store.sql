-- A store.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('store', key=['store_id']) }}
),

final as (
    select
        source_system,
        store_id,
        store_name,
        region,
        country_code,
        province,
        city,
        district,
        channel,
        floor_area,
        latitude,
        longitude,
        reach_kilometres,
        people_within_reach,
        manager_employee_id,
        opened_date,
        closed_date,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
