-- Grain: one row per touch of a known customer: sessions of known visitors, and leads.
with

sessions as (
    select * from {{ ref('fct_sessions') }}
    where source_customer_key is not null and started_at is not null
),

leads as (
    select * from {{ ref('int_leads__scored') }}
    where source_customer_key is not null and created_at is not null
),

lead_campaigns as (
    select
        campaign_id,
        min(platform) as platform
    from {{ ref('int_campaigns__unified') }}
    group by campaign_id
    having min(platform) = max(platform)
),

touches as (
    select
        'session:' || source_system || ':' || session_id as touchpoint_key,
        'session' as touchpoint_kind,
        source_system,
        customer_system,
        source_customer_key,
        started_at as touched_at,
        started_date as touched_date,
        marketing_channel,
        platform,
        campaign_id,
        session_id,
        cast(null as string) as lead_id,
        cast(null as string) as event_code,
        cast(null as string) as trigger,
        marketing_channel = 'outbound' as is_outbound,
        true as is_attributable,
        cast(null as decimal(18, 4)) as cost_reporting_amount,
        {{ lineage_columns('sessions') }}
    from sessions

    union all

    select
        'lead:' || leads.lead_key as touchpoint_key,
        'lead' as touchpoint_kind,
        leads.source_system,
        leads.source_system as customer_system,
        leads.source_customer_key,
        leads.created_at as touched_at,
        leads.created_date as touched_date,
        leads.marketing_channel,
        lead_campaigns.platform,
        leads.campaign_id,
        cast(null as string) as session_id,
        leads.lead_id,
        cast(null as string) as event_code,
        cast(null as string) as trigger,
        leads.marketing_channel = 'outbound' as is_outbound,
        true as is_attributable,
        cast(null as decimal(18, 4)) as cost_reporting_amount,
        {{ lineage_columns('leads') }}
    from leads
    left join lead_campaigns
        on leads.campaign_id = lead_campaigns.campaign_id

    union all

    select * from {{ ref('int_touchpoints__contacts') }}
),

final as (
    select
        touchpoint_key,
        touchpoint_kind,
        source_system,
        customer_system,
        source_customer_key,
        touched_at,
        touched_date,
        marketing_channel,
        platform,
        campaign_id,
        session_id,
        lead_id,
        event_code,
        trigger,
        marketing_channel in ('direct', 'unknown', '(none)') as is_direct,
        is_outbound,
        is_attributable,
        cost_reporting_amount,
        {{ lineage_columns('touches') }}
    from touches
)

select * from final
