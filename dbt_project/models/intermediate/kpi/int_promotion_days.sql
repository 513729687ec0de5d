-- One row per day, sales channel and region of a promotion of the calendar; the region is `all` for promotions
-- everywhere. A promotion of all channels is there for each of them.
select distinct
    promotion.event_date,
    coalesce(channel.channel, promotion.channel) as channel,
    promotion.region
from {{ ref('fct_calendar_events') }} as promotion
left join {{ ref('dim_channel') }} as channel
    on promotion.channel = 'all' and channel.is_sales_channel
where promotion.event_kind = 'promotion'
