-- Visitors of a store on a day.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('store_traffic', key=['store_id', 'traffic_date']) }}
),

final as (
    select
        source_system,
        store_id,
        traffic_date,
        visitors,
        passers_by,
        staff_on_duty,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
