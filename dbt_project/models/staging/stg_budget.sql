-- A budget line and day (or month, spread evenly).
-- One row per record that counts: of active deliveries, not superseded, not deleted.
{% set key = [
    'marketing_channel',
    'campaign_id',
    'region',
    'period_start',
    'period_end',
] %}
with

records as (
    select * from {{ current_records('budget', key=key) }}
),

final as (
    select
        source_system,
        marketing_channel,
        campaign_id,
        region,
        period_start,
        period_end,
        planned_amount,
        reserve_amount,
        upper(trim(currency)) as currency,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
