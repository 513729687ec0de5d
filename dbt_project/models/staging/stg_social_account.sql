-- An own social media account on a day.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('social_account', key=['platform', 'account', 'snapshot_date']) }}
),

final as (
    select
        source_system,
        platform,
        account,
        snapshot_date,
        followers,
        new_followers,
        lost_followers,
        impressions,
        page_visits,
        page_visitors,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
