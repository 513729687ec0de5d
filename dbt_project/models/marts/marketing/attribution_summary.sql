{#
    Grain: one row per month, marketing channel, platform, campaign and attribution model.
    Conversions, revenue and profit are additive within one model; costs repeat for each model: never add over models.
    Shares are not additive. Money in the reporting currency; refunds reduce revenue in the month of the refund.
#}
with months as (

    select
        {{ period_start('month', 'performance_date') }} as period_start,
        marketing_channel,
        platform,
        campaign_id,
        attribution_model,
        sum(attributed_conversions) as conversions,
        {{ money('sum(attributed_revenue)') }} as revenue,
        {{ money('sum(attributed_gross_profit)') }} as gross_profit,
        {{ money('sum(spend + event_cost)') }} as cost
    from {{ ref('channel_performance') }}
    group by 1, 2, 3, 4, 5

)

select
    period_start,
    marketing_channel,
    platform,
    campaign_id,
    attribution_model,
    conversions,
    revenue,
    gross_profit,
    cost,
    conversions
    / nullif(sum(conversions) over (partition by period_start, attribution_model), 0) as share_of_conversions,
    cast(revenue as double)
    / nullif(cast(sum(revenue) over (partition by period_start, attribution_model) as double), 0) as share_of_revenue,
    cast(revenue as double) / nullif(cast(cost as double), 0) as return_on_cost
from months
