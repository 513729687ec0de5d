-- A post and its cumulative counts at a snapshot.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('social_post', key=['platform', 'post_id', 'snapshot_date']) }}
),

final as (
    select
        source_system,
        platform,
        account,
        post_id,
        title,
        content_type,
        posted_at,
        snapshot_date,
        impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        plays,
        completed_plays,
        new_followers,
        is_paid,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
