{#
    Grain: one row per month, platform and author of mentions, and one for months in which only revenue came. A text
    that names several brands counts once. Posts, reach, cost and attributed revenue add up; ranks and followers do not.
    Revenue is credited by the default attribution model to sessions with the utm_campaign of the author's links, in the
    month of the conversion; authors who share a campaign share it evenly. Money in the reporting currency.
#}
with texts as (

    select
        {{ period_start('month', 'mentioned_date') }} as month_start,
        source_system,
        platform,
        author_token,
        mention_id,
        min(author_mask) as author_mask,
        max(author_followers) as author_followers,
        {{ any_true('is_own_brand') }} as names_own_brand,
        avg(sentiment) as sentiment,
        max(coalesce(reach, 0)) as reach,
        max(coalesce(shares, 0)) as shares,
        max(coalesce(paid_reporting_amount, 0)) as paid_reporting_amount
    from {{ ref('fct_mentions') }}
    where author_token is not null and mentioned_date is not null
    group by 1, 2, 3, 4, 5

),

posts as (

    select
        month_start,
        platform,
        author_token,
        min(author_mask) as author_mask,
        max(author_followers) as author_followers,
        count(*) as post_count,
        sum(case when names_own_brand then 1 else 0 end) as own_brand_posts,
        sum(reach) as reach,
        sum(shares) as share_count,
        avg(sentiment) as mean_sentiment,
        avg(case when names_own_brand then sentiment end) as own_brand_sentiment,
        sum(paid_reporting_amount) as cost
    from texts
    group by 1, 2, 3

),

campaign_authors as (

    select
        campaign_word,
        platform,
        author_token,
        author_mask,
        cast(1 as double) / count(*) over (partition by campaign_word) as part
    from (
        select
            lower(trim(utm_campaign)) as campaign_word,
            platform,
            author_token,
            min(author_mask) as author_mask
        from {{ ref('fct_mentions') }}
        where utm_campaign is not null and author_token is not null
        group by 1, 2, 3
    ) as authors

),

attributed as (

    select
        {{ period_start('month', 'credit.conversion_date') }} as month_start,
        campaign_authors.platform,
        campaign_authors.author_token,
        min(campaign_authors.author_mask) as author_mask,
        sum(cast(credit.revenue as double) * campaign_authors.part) as attributed_revenue,
        sum(credit.credit * campaign_authors.part) as attributed_conversions
    from {{ ref('attribution_credits') }} as credit
    inner join {{ ref('fct_touchpoints') }} as touch on credit.touchpoint_key = touch.touchpoint_key
    inner join {{ ref('fct_sessions') }} as session
        on
            touch.source_system = session.source_system
            and touch.session_id = session.session_id
    inner join campaign_authors on lower(trim(session.utm_campaign)) = campaign_authors.campaign_word
    where credit.attribution_model = '{{ var("attribution_default_model") }}'
    group by 1, 2, 3

),

joined as (

    select
        coalesce(posts.month_start, attributed.month_start) as month_start,
        coalesce(posts.platform, attributed.platform) as platform,
        coalesce(posts.author_token, attributed.author_token) as author_token,
        coalesce(posts.author_mask, attributed.author_mask) as author_mask,
        posts.author_followers,
        {{ integer('coalesce(posts.post_count, 0)') }} as post_count,
        {{ integer('coalesce(posts.own_brand_posts, 0)') }} as own_brand_posts,
        {{ integer('coalesce(posts.reach, 0)') }} as reach,
        {{ integer('coalesce(posts.share_count, 0)') }} as share_count,
        posts.mean_sentiment,
        posts.own_brand_sentiment,
        {{ money('coalesce(posts.cost, 0)') }} as cost,
        {{ money('coalesce(attributed.attributed_revenue, 0)') }} as attributed_revenue,
        cast(coalesce(attributed.attributed_conversions, 0) as double) as attributed_conversions
    from posts
    full outer join attributed
        on
            posts.month_start = attributed.month_start
            and posts.platform = attributed.platform
            and posts.author_token = attributed.author_token

)

select
    *,
    {{ integer('rank() over (partition by month_start, platform order by reach desc)') }} as reach_rank
from joined
