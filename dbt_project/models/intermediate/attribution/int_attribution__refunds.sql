{#
    Grain: one row per order, day of refund, attribution model and touch: what refunds take back of the touch's credit,
    on the day of the refund, negative. A refund of an order that is no conversion has no channel.
#}
with refunds as (

    select
        order_key,
        event_date,
        max(region) as region,
        sum(coalesce(revenue_reporting_amount, 0)) as revenue,
        sum(coalesce(gross_profit_reporting_amount, 0)) as gross_profit
    from {{ ref('revenue_events') }}
    where event_kind = 'refund'
    group by 1, 2

),

credits as (

    select
        conversion_key,
        attribution_model,
        place,
        marketing_channel,
        platform,
        campaign_id,
        region,
        cast(round(credit * 1e12) as bigint) as weight
    from {{ ref('attribution_credits') }}
    where conversion_kind = 'order'

),

parts as (

    select
        refunds.order_key,
        refunds.event_date,
        models.attribution_model,
        coalesce(credits.marketing_channel, '(none)') as marketing_channel,
        coalesce(credits.platform, '(none)') as platform,
        coalesce(credits.campaign_id, '(none)') as campaign_id,
        coalesce(credits.region, refunds.region) as region,
        refunds.revenue,
        refunds.gross_profit,
        coalesce(credits.weight, 1) as weight,
        sum(coalesce(credits.weight, 1)) over (
            partition by refunds.order_key, refunds.event_date, models.attribution_model
            order by credits.place rows unbounded preceding
        ) as running,
        sum(coalesce(credits.weight, 1)) over (
            partition by refunds.order_key, refunds.event_date, models.attribution_model
        ) as total
    from refunds
    cross join {{ attribution_model_rows() }} as models
    left join credits
        on
            refunds.order_key = credits.conversion_key
            and models.attribution_model = credits.attribution_model

)

select
    event_date as performance_date,
    attribution_model,
    marketing_channel,
    platform,
    campaign_id,
    region,
    {{ money(spread('revenue', 'running', 'weight', 'total')) }} as revenue,
    {{ money(spread('gross_profit', 'running', 'weight', 'total')) }} as gross_profit
from parts
