-- A message of a device.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('device_event', key=['event_id']) }}
),

final as (
    select
        source_system,
        event_id,
        device_id,
        event_kind,
        fault_code,
        severity,
        duration_seconds,
        reading,
        reading_unit,
        firmware,
        occurred_at,
        received_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
