-- Something outside that moves the figures, or a day that is worked otherwise than the week says.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('calendar_event', key=[
        'event_kind',
        'event_name',
        'region',
        'channel',
        'start_date'
    ]) }}
),

final as (
    select
        source_system,
        event_kind,
        event_name,
        region,
        industry,
        channel,
        start_date,
        end_date,
        description,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
