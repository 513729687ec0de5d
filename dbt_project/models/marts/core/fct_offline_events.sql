-- Grain: one row per event or printed material and day of it. Response rates are not additive: sum over sum.
with

events as (
    select * from {{ ref('stg_offline_event') }}
),

campaigns as (
    select
        campaign_id,
        min(platform) as platform,
        min(marketing_channel) as marketing_channel
    from {{ ref('int_campaigns__unified') }}
    group by campaign_id
    having min(platform) = max(platform)
),

final as (
    select
        events.source_system || ':' || events.event_id as event_key,
        events.event_id,
        events.source_system,
        events.event_date,
        events.event_name,
        events.event_kind,
        events.campaign_id,
        coalesce(campaigns.platform, '(none)') as platform,
        case
            when coalesce(campaigns.marketing_channel, '(none)') = '(none)' then 'event'
            else campaigns.marketing_channel
        end as marketing_channel,
        coalesce(region_word.region, nullif(trim(events.region), ''), '(none)') as region,
        events.city,
        events.owner_employee_id as employee_id,
        events.cost,
        events.currency,
        {{ at_rate('events.cost', exchange_rate('events.currency')) }} as cost_reporting_amount,
        {{ integer('events.handed_out') }} as handed_out,
        {{ integer('events.coded_responses') }} as coded_responses,
        {{ integer('events.attendees') }} as attendees,
        events.response_code,
        {{ lineage_columns('events') }}
    from events
    left join campaigns on events.campaign_id = campaigns.campaign_id
    {{ region_word_lookup('events.region') }}
    {{ exchange_rate_lookup('events.currency', 'events.event_date') }}
)

select * from final
