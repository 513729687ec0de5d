-- Something that happened to one message to one recipient.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('email_event', key=['event_id']) }}
),

final as (
    select
        source_system,
        event_id,
        message_id,
        campaign_id,
        campaign_name,
        utm_campaign,
        source_customer_key,
        customer_system,
        event_type,
        bounce_type,
        trigger,
        link_path,
        device,
        is_machine,
        event_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
