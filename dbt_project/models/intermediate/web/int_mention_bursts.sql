{#
    Grain: one row per burst of negative mentions of an own brand. A day is flagged when it has more mentions than the
    mean of the trailing days plus so many standard deviations of them, at least the minimum, and a higher negative
    share than the limit; flagged days at most the gap apart are one burst. Days without mentions count as zero; until
    the trailing days are all there no day is flagged.
#}
with mentions as (

    select
        brand,
        mentioned_date,
        count(*) as mention_count,
        count(sentiment_class) as judged_mentions,
        sum(case when sentiment_class = 'negative' then 1 else 0 end) as negative_mentions
    from {{ ref('fct_mentions') }}
    where is_own_brand and mentioned_date is not null
    group by brand, mentioned_date

),

brands as (

    select
        brand,
        min(mentioned_date) as first_date
    from mentions
    group by brand

),

days as (

    select
        brands.brand,
        spine.date_day,
        coalesce(mentions.mention_count, 0) as mention_count,
        coalesce(mentions.judged_mentions, 0) as judged_mentions,
        coalesce(mentions.negative_mentions, 0) as negative_mentions
    from brands
    inner join {{ ref('time_spine') }} as spine
        on brands.first_date <= spine.date_day and spine.date_day <= {{ as_of_date() }}
    left join mentions
        on brands.brand = mentions.brand and spine.date_day = mentions.mentioned_date

),

trailing_days as (

    select
        *,
        count(*) over trailing_window as trailing_days,
        avg(mention_count) over trailing_window as trailing_mean,
        stddev_samp(mention_count) over trailing_window as trailing_deviation
    from days
    window
        trailing_window as (
            partition by brand order by date_day
            rows between {{ var('burst_trailing_days') }} preceding and 1 preceding
        )

),

flagged as (

    select
        brand,
        date_day,
        mention_count,
        trailing_mean,
        trailing_deviation,
        lag(date_day) over (partition by brand order by date_day) as earlier_day
    from trailing_days
    where
        trailing_days >= {{ var('burst_trailing_days') }}
        and mention_count >= {{ var('burst_minimum_mentions') }}
        and mention_count > trailing_mean + {{ var('burst_deviations') }} * trailing_deviation
        and negative_mentions > judged_mentions * {{ var('burst_negative_share') }}

),

numbered as (

    select
        *,
        sum(
            case
                when {{ days_between('earlier_day', 'date_day') }} <= {{ var('burst_gap_days') }} then 0
                else 1
            end
        ) over (partition by brand order by date_day rows unbounded preceding) as burst_number
    from flagged

)

select
    brand || ':' || cast(min(date_day) as string) as burst_id,
    brand,
    min(date_day) as first_date,
    max(date_day) as last_date,
    count(*) as flagged_days,
    -- what was usual before it
    {{ first_stated('trailing_mean', 'date_day') }} as usual_mentions,
    {{ first_stated('trailing_deviation', 'date_day') }} as usual_deviation
from numbered
group by brand, burst_number
