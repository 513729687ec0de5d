-- Grain: one row per report level, platform, account, campaign, ad group, ad, member and day. Levels repeat the same
-- spend: one level per account is authoritative and alone enters totals. Rates (CTR, CPC) are computed sum over sum.
{% set levels = var('ad_authoritative_levels') %}
with

reports as (
    select
        report.*,
        case report.level
            {% for level in levels %}
                when '{{ level }}' then {{ loop.index }}
            {% endfor %}
            else {{ levels | length + 1 }}
        end as level_rank
    from {{ ref('stg_ad_performance') }} as report
),

account_levels as (
    select
        platform,
        account_id,
        min(level_rank) as level_rank
    from reports
    group by platform, account_id
),

final as (
    select
        reports.source_system,
        reports.platform,
        reports.account_id,
        reports.level,
        reports.campaign_id,
        coalesce(reports.campaign_name, campaign.campaign_name) as campaign_name,
        reports.ad_group,
        reports.ad,
        reports.member,
        reports.report_date,
        reports.level_rank = account_levels.level_rank
        and reports.level_rank <= {{ levels | length }} as is_authoritative,
        coalesce(campaign.marketing_channel, mapped_channel.marketing_channel, '(none)') as marketing_channel,
        campaign.region,
        campaign.product_line,
        campaign.objective,
        reports.currency,
        reports.spend,
        {{ at_rate('reports.spend', exchange_rate('reports.currency')) }} as spend_reporting_amount,
        reports.impressions,
        reports.clicks,
        reports.conversions,
        reports.conversions_value,
        {{ at_rate('reports.conversions_value', exchange_rate('reports.currency')) }}
            as conversions_value_reporting_amount,
        {{ lineage_columns('reports') }}
    from reports
    inner join account_levels
        on
            reports.platform = account_levels.platform
            and reports.account_id = account_levels.account_id
    left join {{ ref('int_campaigns__unified') }} as campaign
        on
            reports.platform = campaign.platform
            and reports.campaign_id = campaign.campaign_id
    {{ marketing_channel_lookup('reports.platform', word_kind='ad_platform') }}
    {{ exchange_rate_lookup('reports.currency', 'reports.report_date') }}
)

select * from final
