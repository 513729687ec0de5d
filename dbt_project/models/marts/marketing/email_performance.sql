{#
    Grain: one row per day and campaign. The day is the one a message was sent on, also for what happened to it later,
    so that the opens of a row are of the messages of that row. Counts are messages and add up; rates are sum over sum.
#}
with messages as (

    select
        source_system,
        message_id,
        sent_date,
        -- one campaign per message: the alphabetically last where events disagree, (none) only where none is stated
        coalesce(max(case when campaign_id <> '(none)' then campaign_id end), '(none)') as campaign_id,
        max(campaign_name) as campaign_name,
        max(trigger) as trigger,
        {{ any_true("event_type = 'sent'") }} as is_sent,
        {{ any_true("event_type = 'bounced'") }} as is_bounced,
        {{ any_true("event_type = 'bounced' and bounce_type = 'hard'") }} as is_hard_bounced,
        -- what was opened or clicked has arrived, also where the platform does not say so
        {{ any_true("event_type in ('delivered', 'opened', 'clicked')") }} as is_delivered,
        {{ any_true("event_type = 'opened' and is_first") }} as is_opened,
        {{ any_true("event_type = 'opened' and is_machine") }} as is_machine_opened,
        {{ any_true("event_type = 'clicked' and is_first") }} as is_clicked,
        {{ any_true("event_type = 'unsubscribed'") }} as is_unsubscribed,
        {{ any_true("event_type = 'complained'") }} as is_complained
    from {{ ref('fct_email_events') }}
    where message_id is not null and sent_date is not null
    group by 1, 2, 3

),

days as (

    select
        sent_date,
        campaign_id,
        max(campaign_name) as campaign_name,
        max(trigger) as trigger,
        {{ integer('sum(case when is_sent then 1 else 0 end)') }} as sent_messages,
        {{ integer('sum(case when is_delivered then 1 else 0 end)') }} as delivered_messages,
        {{ integer('sum(case when is_bounced then 1 else 0 end)') }} as bounced_messages,
        {{ integer('sum(case when is_hard_bounced then 1 else 0 end)') }} as hard_bounced_messages,
        {{ integer('sum(case when is_opened then 1 else 0 end)') }} as opened_messages,
        {{ integer('sum(case when is_machine_opened and not is_opened then 1 else 0 end)') }}
            as machine_opened_messages,
        {{ integer('sum(case when is_clicked then 1 else 0 end)') }} as clicked_messages,
        {{ integer('sum(case when is_unsubscribed then 1 else 0 end)') }} as unsubscribed_messages,
        {{ integer('sum(case when is_complained then 1 else 0 end)') }} as complained_messages
    from messages
    group by 1, 2

)

select
    *,
    cast(opened_messages as double) / nullif(delivered_messages, 0) as open_rate,
    cast(clicked_messages as double) / nullif(delivered_messages, 0) as click_rate
from days
