{#
    Grain: one row per burst of negative mentions, hour and platform (hours of UTC in which something was said). Counts
    and reach add up within a burst; its first source and response time repeat on all of its rows.
#}
with mentions as (

    select
        burst.burst_id,
        burst.first_date,
        burst.last_date,
        burst.usual_mentions,
        mention.*
    from {{ ref('int_mention_bursts') }} as burst
    inner join {{ ref('fct_mentions') }} as mention
        on
            burst.brand = mention.brand
            and mention.is_own_brand
            and mention.mentioned_date between burst.first_date and burst.last_date

),

negatives as (

    select
        burst_id,
        platform,
        mention_id,
        mentioned_at,
        row_number() over (partition by burst_id order by mentioned_at, platform, mention_id) as place
    from mentions
    where sentiment_class = 'negative'

),

answers as (

    select
        burst_id,
        min(answered_at) as first_answered_at
    from mentions
    where answered_at >= mentioned_at
    group by 1

),

hours as (

    select
        burst_id,
        brand,
        first_date,
        last_date,
        usual_mentions,
        cast(date_trunc('hour', mentioned_at) as timestamp) as hour_at,
        platform,
        {{ integer('count(*)') }} as mention_count,
        {{ integer("sum(case when sentiment_class = 'negative' then 1 else 0 end)") }} as negative_mentions,
        avg(sentiment) as mean_sentiment,
        {{ integer('sum(coalesce(reach, 0))') }} as reach,
        {{ integer('sum(case when reshare_of_id is not null then 1 else 0 end)') }} as reshared_mentions,
        {{ integer('sum(case when answered_at >= mentioned_at then 1 else 0 end)') }} as answered_mentions
    from mentions
    group by 1, 2, 3, 4, 5, 6, 7

)

select
    hours.burst_id,
    hours.brand,
    hours.first_date,
    hours.last_date,
    hours.usual_mentions,
    hours.hour_at,
    hours.platform,
    hours.mention_count,
    hours.negative_mentions,
    hours.mean_sentiment,
    hours.reach,
    hours.reshared_mentions,
    hours.answered_mentions,
    {{ integer('sum(hours.mention_count) over (partition by hours.burst_id order by hours.hour_at)') }}
        as mentions_so_far,
    negatives.platform as first_source_platform,
    negatives.mention_id as first_source_mention_id,
    negatives.mentioned_at as first_negative_at,
    answers.first_answered_at,
    case
        when answers.first_answered_at >= negatives.mentioned_at
            then {{ elapsed_days('negatives.mentioned_at', 'answers.first_answered_at') }} * 24
    end as response_hours
from hours
left join negatives
    on
        hours.burst_id = negatives.burst_id
        and negatives.place = 1
left join answers on hours.burst_id = answers.burst_id
