-- Grain: one row per post and snapshot day. Cumulative counts are not additive over days: add up the new_* columns. A
-- difference can be negative where the platform corrected a count.
{% set counts = ['impressions', 'likes', 'comments', 'shares', 'saves', 'plays', 'completed_plays'] %}
with

posts as (
    select
        post.*,
        {{ reporting_date('post.posted_at') }} as posted_date
    from {{ ref('stg_social_post') }} as post
),

dated as (
    select
        posts.*,
        coalesce(posts.snapshot_date, posts.posted_date) as count_date,
        coalesce(posts.impressions, posts.plays) as seen_count
    from posts
),

ordered as (
    select
        dated.*,
        {% for count in counts %}
            lag({{ 'seen_count' if count == 'impressions' else count }}) over (
                partition by dated.source_system, dated.platform, dated.account, dated.post_id order by dated.count_date
            ) as earlier_{{ count }},
        {% endfor %}
        lead(dated.count_date) over (
            partition by dated.source_system, dated.platform, dated.account, dated.post_id order by dated.count_date
        ) is null as is_latest
    from dated
),

final as (
    select
        source_system,
        platform,
        account,
        post_id,
        count_date as snapshot_date,
        title,
        {{ member('content_type') }} as content_type,
        posted_at,
        posted_date,
        seen_count as impressions,
        reach,
        likes,
        comments,
        shares,
        saves,
        plays,
        completed_plays,
        new_followers,
        is_latest,
        seen_count - coalesce(earlier_impressions, 0) as new_impressions,
        likes - coalesce(earlier_likes, 0) as new_likes,
        comments - coalesce(earlier_comments, 0) as new_comments,
        shares - coalesce(earlier_shares, 0) as new_shares,
        saves - coalesce(earlier_saves, 0) as new_saves,
        plays - coalesce(earlier_plays, 0) as new_plays,
        completed_plays - coalesce(earlier_completed_plays, 0) as new_completed_plays,
        coalesce(likes - coalesce(earlier_likes, 0), 0)
        + coalesce(comments - coalesce(earlier_comments, 0), 0)
        + coalesce(shares - coalesce(earlier_shares, 0), 0)
        + coalesce(saves - coalesce(earlier_saves, 0), 0) as new_engagements,
        is_paid,
        {{ lineage_columns('ordered') }}
    from ordered
)

select * from final
