{#
    Grain: one row per day, platform, campaign, breakdown and member. Breakdowns repeat the same spend: add up within one
    only, and never to the spend of channel_performance. Money in the reporting currency; CPC and CPA are sum over sum.
#}
select
    report_date as performance_date,
    {{ member('platform') }} as platform,
    {{ member('campaign_id') }} as campaign_id,
    level as breakdown,
    {{ member('member') }} as member,
    {{ money('sum(coalesce(spend_reporting_amount, 0))') }} as spend,
    {{ integer('sum(coalesce(impressions, 0))') }} as impressions,
    {{ integer('sum(coalesce(clicks, 0))') }} as clicks,
    cast(sum(cast(coalesce(conversions, 0) as decimal(18, 4))) as double) as conversions,
    cast(sum(coalesce(spend_reporting_amount, 0)) as double) / nullif(sum(clicks), 0) as cost_per_click,
    cast(sum(coalesce(spend_reporting_amount, 0)) as double)
    / nullif(cast(sum(cast(conversions as decimal(18, 4))) as double), 0) as cost_per_acquisition
from {{ ref('fct_ad_performance') }}
where level in ('keyword', 'search_term', 'hour', 'region', 'device') and report_date is not null
group by 1, 2, 3, 4, 5
