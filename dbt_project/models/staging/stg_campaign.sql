-- A marketing campaign.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('campaign', key=['platform', 'campaign_id']) }}
),

final as (
    select
        source_system,
        coalesce(platform, '') as platform,
        campaign_id,
        campaign_name,
        marketing_channel,
        region,
        product_line,
        objective,
        owner_employee_id,
        start_date,
        end_date,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
