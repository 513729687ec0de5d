{#
    Grain: one row per week (Monday), sales region and marketing channel, without gaps: what a media-mix model takes in.
    The region `all` is the whole company (spend that knows no region stands under (none)): never add it to the others.
    Spend and impressions are the channel's; outcomes (revenue, orders, new customers) and controls are the region's week
    and repeat for each channel: take them once. Weeks at the ends may be cut: is_whole_week says so.
#}
with regions as (

    select region
    from {{ ref('channel_performance') }}
    where is_default_model
    union distinct
    select region
    from {{ ref('revenue_events') }}
    union distinct
    select 'all' as region

),

media as (

    select
        {{ period_start('week', 'day.performance_date') }} as week_start,
        scopes.region,
        day.marketing_channel,
        sum(day.spend) as spend,
        sum(day.event_cost) as event_cost,
        sum(day.impressions) as impressions,
        sum(day.clicks) as clicks
    from {{ ref('channel_performance') }} as day
    inner join regions as scopes on scopes.region in (day.region, 'all')
    where day.is_default_model
    group by 1, 2, 3

),

channels as (

    select distinct marketing_channel
    from media
    where spend + event_cost > 0 or impressions > 0

),

outcomes as (

    select
        {{ period_start('week', 'event.event_date') }} as week_start,
        scopes.region,
        sum(event.revenue_reporting_amount) as revenue,
        count(distinct case when event.event_kind in ('sale', 'order') then event.order_key end) as orders
    from {{ ref('revenue_events') }} as event
    inner join regions as scopes on scopes.region in (event.region, 'all')
    group by 1, 2

),

newcomers as (

    select
        {{ period_start('week', 'purchase.first_purchase_date') }} as week_start,
        scopes.region,
        count(*) as new_customers
    from {{ ref('first_purchases') }} as purchase
    inner join regions as scopes on scopes.region in (purchase.region, 'all')
    group by 1, 2

),

promotions as (

    select
        {{ period_start('week', 'event_date') }} as week_start,
        region,
        count(distinct case when event_kind = 'promotion' then event_date end) as promotion_days
    from {{ ref('fct_calendar_events') }}
    group by 1, 2

),

weeks as (

    select
        day.week_start_date as week_start,
        count(*) = 7 as is_whole_week,
        sum(case when day.is_holiday then 1 else 0 end) as holiday_days,
        sum(case when day.is_working_day then 1 else 0 end) as working_days,
        min(day.iso_week) as iso_week,
        {{ integer('row_number() over (order by day.week_start_date)') }} as trend
    from {{ ref('dim_date') }} as day
    cross join (
        select
            min(performance_date) as first_date,
            max(performance_date) as last_date
        from {{ ref('channel_performance') }}
    ) as span
    where day.date_day between span.first_date and span.last_date and day.date_day <= {{ as_of_date() }}
    group by 1

)

select
    weeks.week_start,
    regions.region,
    channels.marketing_channel,
    {{ money('coalesce(media.spend, 0) + coalesce(media.event_cost, 0)') }} as spend,
    {{ integer('coalesce(media.impressions, 0)') }} as impressions,
    {{ integer('coalesce(media.clicks, 0)') }} as clicks,
    {{ money('coalesce(outcomes.revenue, 0)') }} as revenue,
    {{ integer('coalesce(outcomes.orders, 0)') }} as orders,
    {{ integer('coalesce(newcomers.new_customers, 0)') }} as new_customers,
    weeks.trend,
    weeks.iso_week,
    {{ integer('weeks.working_days') }} as working_days,
    {{ integer('weeks.holiday_days') }} as holiday_days,
    {{ integer('greatest(coalesce(everywhere.promotion_days, 0), coalesce(local_promotions.promotion_days, 0))') }}
        as promotion_days,
    weeks.is_whole_week
from weeks
cross join regions
cross join channels
left join media
    on
        weeks.week_start = media.week_start
        and regions.region = media.region
        and channels.marketing_channel = media.marketing_channel
left join outcomes on weeks.week_start = outcomes.week_start and regions.region = outcomes.region
left join newcomers on weeks.week_start = newcomers.week_start and regions.region = newcomers.region
left join promotions as everywhere on weeks.week_start = everywhere.week_start and everywhere.region = 'all'
left join promotions as local_promotions
    on weeks.week_start = local_promotions.week_start and regions.region = local_promotions.region
