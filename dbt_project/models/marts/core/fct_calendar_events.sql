-- Grain: one row per calendar event, region and day it covers. An event without a region is there once per day under
-- the region `all`: whoever asks for a region takes its own rows and those.
with

events as (
    select
        event.*,
        coalesce(region_word.region, nullif(trim(event.region), ''), 'all') as sales_region,
        coalesce(channel_word.channel, lower(nullif(trim(event.channel), '')), 'all') as sales_channel,
        -- an event whose end is missing or before its start is one day
        greatest(coalesce(event.end_date, event.start_date), event.start_date) as last_date
    from {{ ref('stg_calendar_event') }} as event
    {{ region_word_lookup('event.region') }}
    {{ channel_word_lookup('event.channel') }}
    where event.start_date is not null
),

final as (
    select
        day.date_day as event_date,
        events.source_system,
        events.event_kind,
        events.event_name,
        events.sales_region as region,
        events.sales_channel as channel,
        coalesce(nullif(trim(events.industry), ''), 'all') as industry,
        events.start_date,
        events.last_date as end_date,
        events.description,
        {{ lineage_columns('events') }}
    from events
    inner join {{ ref('dim_date') }} as day
        on day.date_day between events.start_date and events.last_date
)

select * from final
