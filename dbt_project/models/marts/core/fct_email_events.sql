{#
    Grain: one row per message event. Events do not add up to messages: count the rows with is_first, which mark the
    first event of its kind of a message. Opens and clicks of machines are never first.
#}
with

events as (
    select
        event.*,
        coalesce(event.is_machine, false) as is_by_machine
    from {{ ref('stg_email_event') }} as event
),

messages as (
    select
        source_system,
        message_id,
        coalesce(min(case when event_type = 'sent' then event_at end), min(event_at)) as sent_at
    from events
    where message_id is not null
    group by source_system, message_id
),

ranked as (
    select
        events.*,
        row_number() over (
            partition by events.source_system, events.message_id, events.event_type, events.is_by_machine
            order by events.event_at, events.event_id
        ) as place
    from events
),

final as (
    select
        ranked.event_id,
        ranked.source_system,
        ranked.customer_system,
        ranked.source_customer_key,
        ranked.message_id,
        {{ member('ranked.campaign_id') }} as campaign_id,
        ranked.campaign_name,
        ranked.utm_campaign,
        ranked.trigger,
        ranked.event_type,
        ranked.bounce_type,
        ranked.link_path,
        {{ member('ranked.device') }} as device,
        ranked.is_by_machine as is_machine,
        ranked.place = 1 and not ranked.is_by_machine and ranked.message_id is not null as is_first,
        ranked.event_at,
        {{ reporting_date('ranked.event_at') }} as event_date,
        {{ reporting_date('coalesce(messages.sent_at, ranked.event_at)') }} as sent_date,
        {{ lineage_columns('ranked') }}
    from ranked
    left join messages
        on
            ranked.source_system = messages.source_system
            and ranked.message_id = messages.message_id
)

select * from final
