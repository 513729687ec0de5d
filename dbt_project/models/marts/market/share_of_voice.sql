{#
    Grain: one row per week (ISO), platform and brand: where people speak, and where they search. Mentions add up; shares
    do not. The search index is the mean of the week's days or figures, of the whole country or world only.
#}
with mentions as (

    select
        {{ period_start('week', 'mentioned_date') }} as week_start,
        platform,
        brand,
        is_own_brand,
        sum(mention_count) as mention_count
    from {{ ref('brand_voice') }}
    group by 1, 2, 3, 4

),

searches as (

    select
        {{ period_start('week', 'period_start') }} as week_start,
        {{ member('platform') }} as platform,
        brand,
        is_own_brand,
        avg(observed_value) as search_index
    from {{ ref('fct_market') }}
    where measure = 'search_index' and region is null and brand is not null
    group by 1, 2, 3, 4

),

joined as (

    select
        coalesce(mentions.week_start, searches.week_start) as week_start,
        coalesce(mentions.platform, searches.platform) as platform,
        coalesce(mentions.brand, searches.brand) as brand,
        coalesce(mentions.is_own_brand, searches.is_own_brand) as is_own_brand,
        {{ integer('coalesce(mentions.mention_count, 0)') }} as mention_count,
        searches.search_index
    from mentions
    full outer join searches
        on
            mentions.week_start = searches.week_start
            and mentions.platform = searches.platform
            and mentions.brand = searches.brand

)

select
    *,
    cast(mention_count as double)
    / nullif(sum(mention_count) over (partition by week_start, platform), 0) as mention_share,
    search_index / nullif(sum(search_index) over (partition by week_start, platform), 0) as search_index_share
from joined
