-- How many people a campaign reached on a day, of how many it was meant for.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('audience_reach', key=['platform', 'campaign_id', 'report_date']) }}
),

final as (
    select
        source_system,
        platform,
        campaign_id,
        report_date,
        audience_size,
        reached_people,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
