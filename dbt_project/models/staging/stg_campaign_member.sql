-- A lead or customer that a campaign addressed, and whether it answered.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('campaign_member', key=['campaign_member_id'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        campaign_member_id,
        platform,
        campaign_id,
        source_customer_key,
        lead_id,
        status,
        has_responded,
        marketing_channel,
        is_outbound,
        trigger,
        event_code,
        cost_amount,
        upper(trim(currency)) as currency,
        touched_at,
        first_responded_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
