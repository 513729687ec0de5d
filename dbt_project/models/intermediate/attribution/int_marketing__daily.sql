{#
    Grain: one row per day, platform, marketing channel, campaign and region: what marketing cost and brought that needs no
    attribution model (new customers are placed by the default one). Additive.
#}
{% set sources = {
    'advertising': ['spend', 'acquisition_spend', 'impressions', 'clicks', 'conversions', 'conversions_value'],
    'leads': ['leads', 'valid_leads'],
    'new_customers': ['new_customers'],
    'labour': ['labour_cost', 'acquisition_labour_cost'],
    'events': ['event_cost'],
} %}
{% set own_measures = sources.values() | sum(start=[]) %}
with campaigns as (

    -- campaigns that one platform has: an id alone names them
    select
        campaign_id,
        min(platform) as platform,
        min(objective) as objective
    from {{ ref('int_campaigns__unified') }}
    group by 1
    having count(*) = 1

),

advertising as (

    select
        report_date as performance_date,
        {{ member('platform') }} as platform,
        marketing_channel,
        {{ member('campaign_id') }} as campaign_id,
        region,
        sum(coalesce(spend_reporting_amount, 0)) as spend,
        -- advertising without a stated objective is meant to win customers
        sum(
            case
                when coalesce(objective, 'acquisition') = 'acquisition' then coalesce(spend_reporting_amount, 0)
                else 0
            end
        ) as acquisition_spend,
        sum(coalesce(impressions, 0)) as impressions,
        sum(coalesce(clicks, 0)) as clicks,
        sum(coalesce(cast(conversions as decimal(18, 4)), 0)) as conversions,
        sum(coalesce(conversions_value_reporting_amount, 0)) as conversions_value
    from {{ ref('fct_ad_performance') }}
    where is_authoritative and report_date is not null
    group by 1, 2, 3, 4, 5

),

leads as (

    select
        created_date as performance_date,
        {{ member('campaign_platform') }} as platform,
        marketing_channel,
        {{ member('campaign_id') }} as campaign_id,
        region,
        count(*) as leads,
        sum(case when is_valid then 1 else 0 end) as valid_leads
    from {{ ref('fct_leads') }}
    where created_date is not null
    group by 1, 2, 3, 4, 5

),

new_customers as (

    select
        first_purchase_date as performance_date,
        platform,
        marketing_channel,
        campaign_id,
        region,
        count(*) as new_customers
    from {{ ref('first_purchases') }}
    group by 1, 2, 3, 4, 5

),

labour as (

    select
        expense.expense_date as performance_date,
        coalesce(campaign.platform, '(none)') as platform,
        expense.marketing_channel,
        {{ member('expense.campaign_id') }} as campaign_id,
        expense.region,
        sum(coalesce(expense.reporting_amount, 0)) as labour_cost,
        sum(
            case
                when coalesce(campaign.objective, 'acquisition') = 'acquisition'
                    then coalesce(expense.reporting_amount, 0)
                else 0
            end
        ) as acquisition_labour_cost
    from {{ ref('fct_expenses') }} as expense
    left join campaigns as campaign on expense.campaign_id = campaign.campaign_id
    where expense.category = 'labour' and expense.expense_date is not null
    group by 1, 2, 3, 4, 5

),

events as (

    select
        event_date as performance_date,
        platform,
        marketing_channel,
        {{ member('campaign_id') }} as campaign_id,
        region,
        sum(coalesce(cost_reporting_amount, 0)) as event_cost
    from {{ ref('fct_offline_events') }}
    where event_date is not null
    group by 1, 2, 3, 4, 5

),

measures as (

    {% for name, own in sources.items() %}
        select
            performance_date,
            platform,
            marketing_channel,
            campaign_id,
            {% for measure in own_measures %}
                {{ measure if measure in own else '0' }} as {{ measure }},
            {% endfor %}
            region
        from {{ name }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    performance_date,
    platform,
    marketing_channel,
    campaign_id,
    region,
    {% for measure in own_measures if measure != 'event_cost' %}
        sum({{ measure }}) as {{ measure }},
    {% endfor %}
    sum(event_cost) as event_cost
from measures
group by 1, 2, 3, 4, 5
