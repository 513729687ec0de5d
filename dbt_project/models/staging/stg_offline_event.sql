-- An event or printed material, and a day of it.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('offline_event', key=['event_id', 'event_date']) }}
),

final as (
    select
        source_system,
        event_id,
        event_name,
        event_kind,
        campaign_id,
        region,
        city,
        owner_employee_id,
        event_date,
        cost,
        upper(trim(currency)) as currency,
        handed_out,
        coded_responses,
        attendees,
        response_code,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
