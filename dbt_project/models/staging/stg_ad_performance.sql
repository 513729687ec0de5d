-- A row of an advertising report.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
{% set key = [
    'platform',
    'account_id',
    'level',
    'campaign_id',
    'ad_group',
    'ad',
    'member',
    'report_date',
] %}
with

records as (
    select * from {{ current_records('ad_performance', key=key) }}
),

final as (
    select
        source_system,
        coalesce(platform, '') as platform,
        coalesce(account_id, '') as account_id,
        coalesce(level, '') as level,
        coalesce(campaign_id, '') as campaign_id,
        campaign_name,
        coalesce(ad_group, '') as ad_group,
        coalesce(ad, '') as ad,
        coalesce(member, '') as member,
        report_date,
        report_hour,
        spend,
        upper(trim(currency)) as currency,
        impressions,
        clicks,
        conversions,
        conversions_value,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
