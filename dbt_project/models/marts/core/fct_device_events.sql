{# Grain: one row per message of a device, late and repeated ones counted once. Readings do not add up. #}
select
    event.source_system || ':' || event.event_id as event_key,
    event.event_id,
    event.source_system,
    event.source_system || ':' || event.device_id as device_key,
    device.customer_system,
    device.source_customer_key,
    coalesce(device.model, '(none)') as model,
    coalesce(device.product_line, '(none)') as product_line,
    coalesce(device.region, '(none)') as region,
    event.event_kind,
    event.event_kind = 'fault' as is_fault,
    event.event_kind = 'usage' as is_usage,
    event.fault_code,
    event.severity,
    event.duration_seconds,
    event.reading,
    event.reading_unit,
    event.firmware,
    event.occurred_at,
    event.received_at,
    {{ reporting_date('event.occurred_at') }} as occurred_date,
    {{ lineage_columns('event') }}
from {{ ref('stg_device_event') }} as event
left join {{ ref('dim_device') }} as device
    on event.source_system || ':' || event.device_id = device.device_key
