-- A text of others that names a brand.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('mention', key=['platform', 'mention_id', 'brand']) }}
),

final as (
    select
        source_system,
        platform,
        mention_id,
        brand,
        is_own_brand,
        topic,
        author_token,
        author_mask,
        author_followers,
        content,
        content_type,
        reshare_of_id,
        mentioned_at,
        answered_at,
        reach,
        likes,
        comments,
        shares,
        sentiment,
        paid_amount,
        upper(trim(currency)) as currency,
        utm_campaign,
        region,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
