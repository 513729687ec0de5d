{#
    Grain: one row per day, platform, account and content type. Counts are what came on since the snapshot before and
    add up; a count can be negative where the platform corrected it. Rates are sum over sum.
#}
select
    snapshot_date as performance_date,
    platform,
    {{ member('account') }} as account,
    content_type,
    {{ integer('count(distinct post_id)') }} as post_count,
    {{ integer('sum(case when posted_date = snapshot_date then 1 else 0 end)') }} as posts_of_the_day,
    {{ integer('sum(coalesce(new_impressions, 0))') }} as impressions,
    {{ integer('sum(coalesce(new_likes, 0))') }} as likes,
    {{ integer('sum(coalesce(new_comments, 0))') }} as comments,
    {{ integer('sum(coalesce(new_shares, 0))') }} as shares,
    {{ integer('sum(coalesce(new_saves, 0))') }} as saves,
    {{ integer('sum(coalesce(new_engagements, 0))') }} as engagements,
    {{ integer('sum(coalesce(new_plays, 0))') }} as plays,
    {{ integer('sum(coalesce(new_completed_plays, 0))') }} as completed_plays,
    {{ integer('sum(coalesce(new_followers, 0))') }} as new_followers,
    -- where impressions are counted: what cannot be seen cannot be rated
    cast(sum(case when new_impressions is not null then new_engagements end) as double)
    / nullif(sum(new_impressions), 0) as engagement_rate,
    cast(sum(case when new_plays is not null then new_completed_plays end) as double)
    / nullif(sum(case when new_completed_plays is not null then new_plays end), 0) as completion_rate
from {{ ref('fct_social_posts') }}
where snapshot_date is not null
group by 1, 2, 3, 4
