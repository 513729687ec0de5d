{#
    Grain: one row per day and campaign: how spend and attributed revenue (default model) changed from the day before.
    Changes are additive over campaigns; marginal return is change over change, of one day.
#}
with days as (

    select
        performance_date,
        platform,
        campaign_id,
        sum(spend) as spend,
        sum(attributed_revenue) as revenue
    from {{ ref('channel_performance') }}
    where is_default_model and campaign_id <> '(none)'
    group by 1, 2, 3

),

changes as (

    select
        performance_date,
        platform,
        campaign_id,
        spend as spend_change,
        revenue as revenue_change
    from days

    union all

    select
        {{ add_days('performance_date', 1) }} as performance_date,
        platform,
        campaign_id,
        -spend as spend_change,
        -revenue as revenue_change
    from days

)

select
    performance_date,
    platform,
    campaign_id,
    {{ money('sum(spend_change)') }} as spend_change,
    {{ money('sum(revenue_change)') }} as revenue_change,
    cast(sum(revenue_change) as double) / nullif(cast(sum(spend_change) as double), 0) as marginal_return
from changes
where performance_date <= {{ as_of_date() }}
group by 1, 2, 3
