{#
    Grain: one row per day, platform, marketing channel, campaign, region and attribution model.
    Spend, impressions, clicks, leads, new customers and costs repeat for each model: sum them within one model only.
    Attributed revenue and profit are credited on the day of the conversion, refunds take back on theirs, so that each
    model's sum is the revenue of the day. Costs per piece, rates and returns are not additive: compute them as sum over sum. Money in the reporting currency.
#}
{% set credited = ['attributed_conversions', 'attributed_orders', 'attributed_revenue', 'attributed_gross_profit'] %}
{% set own_measures = [
    'spend', 'acquisition_spend', 'impressions', 'clicks', 'conversions', 'conversions_value', 'leads', 'valid_leads',
    'new_customers', 'labour_cost', 'acquisition_labour_cost', 'event_cost',
] %}
{% set integers = ['impressions', 'clicks', 'leads', 'valid_leads', 'new_customers'] %}
{% set numbers = ['conversions', 'attributed_conversions', 'attributed_orders'] %}
{% set amounts = (own_measures + credited) | reject('in', integers + numbers) | list %}
with by_model as (

    select
        daily.performance_date,
        daily.platform,
        daily.marketing_channel,
        daily.campaign_id,
        daily.region,
        {% for measure in own_measures %}
            daily.{{ measure }},
        {% endfor %}
        {% for measure in credited %}
            0 as {{ measure }},
        {% endfor %}
        models.attribution_model
    from {{ ref('int_marketing__daily') }} as daily
    cross join {{ attribution_model_rows() }} as models

    union all

    select
        performance_date,
        platform,
        marketing_channel,
        campaign_id,
        region,
        {% for measure in own_measures %}
            0 as {{ measure }},
        {% endfor %}
        conversions as attributed_conversions,
        orders as attributed_orders,
        revenue as attributed_revenue,
        gross_profit as attributed_gross_profit,
        attribution_model
    from {{ ref('int_attribution__daily') }}

),

summed as (

    select
        performance_date,
        platform,
        marketing_channel,
        campaign_id,
        region,
        {% for measure in amounts %}
            {{ money('sum(' ~ measure ~ ')') }} as {{ measure }},
        {% endfor %}
        {% for measure in integers %}
            {{ integer('sum(' ~ measure ~ ')') }} as {{ measure }},
        {% endfor %}
        {% for measure in numbers %}
            cast(sum({{ measure }}) as double) as {{ measure }},
        {% endfor %}
        attribution_model
    from by_model
    group by performance_date, platform, marketing_channel, campaign_id, region, attribution_model

)

select
    summed.performance_date,
    summed.platform,
    summed.marketing_channel,
    summed.campaign_id,
    summed.region,
    summed.attribution_model,
    summed.attribution_model = '{{ var("attribution_default_model") }}' as is_default_model,
    coalesce(campaign.product_line, '(none)') as product_line,
    {% for measure in own_measures + credited %}
        summed.{{ measure }},
    {% endfor %}
    cast(summed.spend as double) / nullif(summed.attributed_orders, 0) as cost_per_acquisition,
    cast(summed.acquisition_spend + summed.acquisition_labour_cost as double) / nullif(summed.new_customers, 0)
        as customer_acquisition_cost,
    cast(summed.attributed_revenue as double) / nullif(cast(summed.spend as double), 0) as return_on_ad_spend,
    cast(summed.attributed_gross_profit - summed.spend - summed.labour_cost as double)
    / nullif(cast(summed.spend + summed.labour_cost as double), 0) as return_on_investment
from summed
left join {{ ref('int_campaigns__unified') }} as campaign
    on
        summed.platform = campaign.platform
        and summed.campaign_id = campaign.campaign_id
