-- Grain: one row per lead. Cycle times are not additive. A lead counts as won when any of its opportunities was won.
with

leads as (
    select * from {{ ref('int_leads__scored') }}
),

deals as (
    select
        source_system,
        lead_id,
        min(opportunity_id) as opportunity_id,
        {{ any_true('is_won') }} as is_won,
        min(case when is_won then won_at end) as won_at
    from {{ ref('int_opportunities__staged') }}
    where lead_id is not null
    group by source_system, lead_id
),

-- a campaign of one platform only: ids and names may repeat between platforms
campaigns as (
    select
        campaign_id,
        min(platform) as platform
    from {{ ref('int_campaigns__unified') }}
    group by campaign_id
    having min(platform) = max(platform)
),

joined as (
    select
        leads.*,
        campaigns.platform as campaign_platform,
        coalesce(deals.is_won, false) as is_won,
        deals.won_at,
        coalesce(leads.opportunity_id, deals.opportunity_id) as deal_id,
        coalesce(deals.won_at < leads.created_at, false) as is_won_before_created
    from leads
    left join deals
        on
            leads.source_system = deals.source_system
            and leads.lead_id = deals.lead_id
    left join campaigns
        on leads.campaign_id = campaigns.campaign_id
),

final as (
    select
        lead_key,
        lead_id,
        source_system,
        source_customer_key,
        region,
        employee_id,
        marketing_channel,
        lead_source,
        campaign_id,
        campaign_platform,
        landing_page,
        industry,
        has_imputed_values,
        status,
        score,
        is_score_computed,
        grade,
        coalesce(score >= {{ var('lead_qualified_score') }}, false)
        or coalesce(status in ('qualified', 'converted'), false)
        or deal_id is not null as is_qualified,
        coalesce(score >= {{ var('lead_qualified_score') }}, false) as is_marketing_qualified,
        is_valid,
        coalesce(
            is_stated_accepted,
            coalesce(status in ('contacted', 'qualified', 'converted'), false) or deal_id is not null
        ) as is_accepted,
        referrer_customer_key,
        deal_id as opportunity_id,
        is_won,
        created_at,
        graded_at,
        assigned_at,
        first_contacted_at,
        followed_up_at,
        converted_at,
        won_at,
        created_date,
        {{ reporting_date('won_at') }} as won_date,
        is_won_before_created,
        case when is_won and not is_won_before_created then {{ elapsed_days('created_at', 'won_at') }} end
            as sales_cycle_days,
        {{ lineage_columns('joined') }}
    from joined
)

select * from final
