{#
    Grain: one row per day, platform, topic and brand. Mentions, classes, reach and reshares add up; authors and shares
    do not. Mean sentiment is sentiment_total over judged_mentions.
#}
with brands as (

    select
        mentioned_date,
        platform,
        topic,
        brand,
        is_own_brand,
        {{ integer('count(*)') }} as mention_count,
        {{ integer('count(sentiment)') }} as judged_mentions,
        cast(coalesce(sum(cast(sentiment as decimal(28, 15))), 0) as double) as sentiment_total,
        {{ integer("sum(case when sentiment_class = 'positive' then 1 else 0 end)") }} as positive_mentions,
        {{ integer("sum(case when sentiment_class = 'neutral' then 1 else 0 end)") }} as neutral_mentions,
        {{ integer("sum(case when sentiment_class = 'negative' then 1 else 0 end)") }} as negative_mentions,
        {{ integer('sum(case when reshare_of_id is not null then 1 else 0 end)') }} as reshared_mentions,
        {{ integer('count(distinct author_token)') }} as author_count,
        {{ integer('sum(coalesce(reach, 0))') }} as reach,
        {{ integer('sum(case when answered_at is not null then 1 else 0 end)') }} as answered_mentions
    from {{ ref('fct_mentions') }}
    where mentioned_date is not null
    group by 1, 2, 3, 4, 5

)

select
    *,
    sentiment_total / nullif(judged_mentions, 0) as mean_sentiment,
    cast(mention_count as double)
    / nullif(sum(mention_count) over (partition by mentioned_date, platform, topic), 0) as mention_share
from brands
