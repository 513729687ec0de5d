{#
    Grain: one row per day, platform, marketing channel, campaign, region and attribution model.
    Spend, impressions, clicks, leads and new customers repeat for each model: sum them within one model only.
    Costs per piece, rates and returns are not additive: compute them as sum over sum. Money in the reporting currency.
#}
{% set sources = {
    'advertising': ['spend', 'acquisition_spend', 'impressions', 'clicks', 'conversions', 'conversions_value'],
    'leads': ['leads', 'valid_leads'],
    'new_customers': ['new_customers'],
    'attributed': ['attributed_conversions', 'attributed_orders', 'attributed_revenue', 'attributed_gross_profit'],
} %}
{% set all_measures = sources.values() | sum(start=[]) %}
with advertising as (

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

attributed as (

    select
        conversion_date as performance_date,
        platform,
        marketing_channel,
        campaign_id,
        region,
        count(*) as attributed_conversions,
        sum(case when conversion_kind = 'order' then 1 else 0 end) as attributed_orders,
        sum(value_reporting_amount) as attributed_revenue,
        sum(gross_profit_reporting_amount) as attributed_gross_profit
    from {{ ref('int_conversions__attributed') }}
    group by 1, 2, 3, 4, 5

),

measures as (

    {% for name, own in sources.items() %}
        select
            performance_date,
            platform,
            marketing_channel,
            campaign_id,
            {% for measure in all_measures %}
                {{ measure if measure in own else '0' }} as {{ measure }},
            {% endfor %}
            region
        from {{ name }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

summed as (

    select
        performance_date,
        platform,
        marketing_channel,
        campaign_id,
        region,
        {{ money('sum(spend)') }} as spend,
        {{ money('sum(acquisition_spend)') }} as acquisition_spend,
        {{ integer('sum(impressions)') }} as impressions,
        {{ integer('sum(clicks)') }} as clicks,
        cast(sum(conversions) as double) as conversions,
        {{ money('sum(conversions_value)') }} as conversions_value,
        {{ integer('sum(leads)') }} as leads,
        {{ integer('sum(valid_leads)') }} as valid_leads,
        {{ integer('sum(new_customers)') }} as new_customers,
        {{ integer('sum(attributed_conversions)') }} as attributed_conversions,
        {{ integer('sum(attributed_orders)') }} as attributed_orders,
        {{ money('sum(attributed_revenue)') }} as attributed_revenue,
        {{ money('sum(attributed_gross_profit)') }} as attributed_gross_profit
    from measures
    group by 1, 2, 3, 4, 5

)

select
    performance_date,
    platform,
    marketing_channel,
    campaign_id,
    region,
    '{{ var("attribution_default_model") }}' as attribution_model,
    spend,
    acquisition_spend,
    impressions,
    clicks,
    conversions,
    conversions_value,
    leads,
    valid_leads,
    new_customers,
    attributed_conversions,
    attributed_orders,
    attributed_revenue,
    attributed_gross_profit,
    cast(spend as double) / nullif(attributed_orders, 0) as cost_per_acquisition,
    cast(acquisition_spend as double) / nullif(new_customers, 0) as customer_acquisition_cost,
    cast(attributed_revenue as double) / nullif(cast(spend as double), 0) as return_on_ad_spend,
    cast(attributed_gross_profit - spend as double) / nullif(cast(spend as double), 0) as return_on_investment
from summed
