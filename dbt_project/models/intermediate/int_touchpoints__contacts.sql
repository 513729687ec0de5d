{#
    Grain: one row per touch beyond visits and leads: answers and addresses of campaign members, mails that were delivered
    and the first click in each, and what sellers did. Only the first contact with a stranger without a lead, an answer and
    a click are looked at by attribution.
#}
with

members as (
    select
        member.*,
        coalesce(channel_word.channel, lower(nullif(trim(member.marketing_channel), '')), '(none)') as channel,
        {{ at_rate('member.cost_amount', exchange_rate('member.currency')) }} as cost_reporting_amount
    from {{ ref('stg_campaign_member') }} as member
    {{ channel_word_lookup('member.marketing_channel') }}
    {{ exchange_rate_lookup('member.currency', reporting_date('member.touched_at')) }}
    where member.source_customer_key is not null and member.touched_at is not null
),

mails as (
    select * from {{ ref('fct_email_events') }}
    where
        source_customer_key is not null
        and event_at is not null
        and is_first
        and event_type in ('delivered', 'clicked')
),

-- calls, visits, mails and messages by sellers; the ones to a stranger open a relationship
activities as (
    select * from {{ ref('fct_activities') }}
    where
        source_customer_key is not null
        and happened_at is not null
        and is_done
        and is_outbound
        and activity_kind in ('call', 'visit', 'mail', 'message', 'meeting')
),

touches as (
    select
        'campaign_member:' || source_system || ':' || campaign_member_id as touchpoint_key,
        'campaign_member' as touchpoint_kind,
        source_system,
        source_system as customer_system,
        source_customer_key,
        touched_at,
        {{ reporting_date('touched_at') }} as touched_date,
        channel as marketing_channel,
        platform,
        campaign_id,
        cast(null as string) as session_id,
        lead_id,
        nullif(trim(event_code), '') as event_code,
        nullif(trim(trigger), '') as trigger,
        coalesce(is_outbound, false) as is_outbound,
        coalesce(has_responded, false) as is_attributable,
        cost_reporting_amount,
        {{ lineage_columns('members') }}
    from members

    union all

    select
        'mail_' || event_type || ':' || source_system || ':' || event_id as touchpoint_key,
        case when event_type = 'clicked' then 'mail_click' else 'mail' end as touchpoint_kind,
        source_system,
        coalesce(customer_system, source_system) as customer_system,
        source_customer_key,
        event_at as touched_at,
        event_date as touched_date,
        'email' as marketing_channel,
        cast(null as string) as platform,
        nullif(campaign_id, '(none)') as campaign_id,
        cast(null as string) as session_id,
        cast(null as string) as lead_id,
        cast(null as string) as event_code,
        nullif(trim(trigger), '') as trigger,
        event_type = 'delivered' as is_outbound,
        event_type = 'clicked' as is_attributable,
        cast(null as decimal(18, 4)) as cost_reporting_amount,
        {{ lineage_columns('mails') }}
    from mails

    union all

    select
        'activity:' || activity_key as touchpoint_key,
        activity_kind as touchpoint_kind,
        source_system,
        source_system as customer_system,
        source_customer_key,
        happened_at as touched_at,
        activity_date as touched_date,
        case when marketing_channel = '(none)' then 'outbound' else marketing_channel end as marketing_channel,
        cast(null as string) as platform,
        campaign_id,
        cast(null as string) as session_id,
        lead_id,
        cast(null as string) as event_code,
        nullif(trim(trigger), '') as trigger,
        true as is_outbound,
        coalesce(is_first_contact, false) and lead_id is null as is_attributable,
        cost_reporting_amount,
        {{ lineage_columns('activities') }}
    from activities
)

select * from touches
