{#
    Grain: one row per day, attribution model, platform, marketing channel, campaign and region: what was credited to
    conversions of the day, less what refunds of the day took back. Additive within one model.
#}
select
    performance_date,
    attribution_model,
    platform,
    marketing_channel,
    campaign_id,
    region,
    sum(conversions) as conversions,
    sum(orders) as orders,
    sum(revenue) as revenue,
    sum(gross_profit) as gross_profit
from (

    select
        conversion_date as performance_date,
        attribution_model,
        platform,
        marketing_channel,
        campaign_id,
        region,
        sum(credit) as conversions,
        sum(case when conversion_kind = 'order' then credit else 0 end) as orders,
        sum(revenue) as revenue,
        sum(gross_profit) as gross_profit
    from {{ ref('attribution_credits') }}
    group by 1, 2, 3, 4, 5, 6

    union all

    select
        performance_date,
        attribution_model,
        platform,
        marketing_channel,
        campaign_id,
        region,
        0 as conversions,
        0 as orders,
        sum(revenue) as revenue,
        sum(gross_profit) as gross_profit
    from {{ ref('int_attribution__refunds') }}
    group by 1, 2, 3, 4, 5, 6

) as credited
group by 1, 2, 3, 4, 5, 6
