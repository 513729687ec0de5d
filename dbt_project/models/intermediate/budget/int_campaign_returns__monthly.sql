-- Grain: one row per whole month, marketing channel and campaign with spend: spend, what the default attribution model
-- gives it, and the same of the month after where that is whole too. Amounts are additive.
with

months as (
    select
        {{ period_start('month', 'performance_date') }} as month_start,
        marketing_channel,
        campaign_id,
        sum(coalesce(spend, 0)) as spend_amount,
        sum(coalesce(attributed_revenue, 0)) as revenue_amount
    from {{ ref('channel_performance') }}
    where attribution_model = '{{ var("attribution_default_model") }}'
    group by 1, 2, 3
),

spans as (
    select
        months.*,
        {{ add_months('month_start', 1) }} as next_month
    from months
    where {{ add_months('month_start', 1) }} <= {{ add_days(as_of_date(), 1) }}
),

final as (
    select
        spans.month_start,
        spans.next_month,
        spans.marketing_channel,
        spans.campaign_id,
        cast(spans.spend_amount as double) as spend_amount,
        cast(spans.revenue_amount as double) as revenue_amount,
        cast(spans.revenue_amount as double) / cast(spans.spend_amount as double) as return_on_spend,
        {{ add_months('spans.next_month', 1) }} <= {{ add_days(as_of_date(), 1) }} as is_next_month_known,
        cast(coalesce(after.spend_amount, 0) as double) as next_spend_amount,
        cast(coalesce(after.revenue_amount, 0) as double) as next_revenue_amount
    from spans
    left join spans as after
        on
            spans.next_month = after.month_start
            and spans.marketing_channel = after.marketing_channel
            and spans.campaign_id = after.campaign_id
    where spans.spend_amount > 0
)

select * from final
