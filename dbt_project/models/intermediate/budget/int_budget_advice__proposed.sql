-- Grain: one row per month and advice: what the month's figures propose for the next. Amounts are not additive over
-- kinds.
{% set split = budget_split_in_use() %}
with

returns as (
    select
        campaigns.*,
        row_number() over (
            partition by month_start order by return_on_spend desc, spend_amount desc, campaign_id asc
        ) as place_from_best,
        row_number() over (
            partition by month_start order by return_on_spend asc, spend_amount desc, campaign_id asc
        ) as place_from_weakest
    from {{ ref('int_campaign_returns__monthly') }} as campaigns
    where month_start >= {{ add_months(period_start('month', as_of_date()), -(var('budget_advice_months') | int)) }}
),

best as (
    select * from returns
    where place_from_best = 1
),

paces as (
    select
        {{ period_start('month', 'pacing_date') }} as month_start,
        marketing_channel,
        sum(spend_reporting_amount) - sum(due_planned_reporting_amount) as over_amount,
        cast(sum(spend_reporting_amount) as double)
        / nullif(cast(sum(due_planned_reporting_amount) as double), 0) as pace
    from {{ ref('budget_pacing') }}
    group by 1, 2
),

channel_returns as (
    select
        month_start,
        marketing_channel,
        sum(spend_amount) as spend_amount,
        sum(revenue_amount) / sum(spend_amount) as return_on_spend
    from returns
    group by 1, 2
),

totals as (
    select
        month_start,
        sum(spend_amount) as spend_amount
    from returns
    group by 1
),

lines as (
    select
        {{ period_start('month', 'event_date') }} as month_start,
        product_line,
        sum(gross_profit_reporting_amount) / nullif(sum(cost_reporting_amount), 0) as return_on_cost,
        sum(known_cost_revenue_reporting_amount) as revenue_amount
    from {{ ref('revenue_events') }}
    where cost_reporting_amount is not null and product_line <> '(none)'
    group by 1, 2
),

ranked_lines as (
    select
        lines.*,
        row_number() over (partition by month_start order by return_on_cost desc, product_line asc) as place,
        count(*) over (partition by month_start) as line_count,
        revenue_amount / nullif(sum(revenue_amount) over (partition by month_start), 0) as revenue_share
    from lines
    where return_on_cost is not null
),

advice as (
    -- pause what returns too little; what it returned is given up
    select
        month_start,
        'pause' as advice_kind,
        marketing_channel,
        campaign_id,
        cast(null as string) as product_line,
        cast(null as string) as to_marketing_channel,
        cast(null as string) as to_campaign_id,
        return_on_spend,
        spend_amount as amount,
        spend_amount - revenue_amount as expected_gain
    from returns
    where return_on_spend < 1

    union all

    -- shift a part of what is weak, but not hopeless, to the best return
    select
        returns.month_start,
        'shift' as advice_kind,
        returns.marketing_channel,
        returns.campaign_id,
        cast(null as string) as product_line,
        best.marketing_channel as to_marketing_channel,
        best.campaign_id as to_campaign_id,
        returns.return_on_spend,
        returns.spend_amount * {{ var('budget_shift_share') }} as amount,
        returns.spend_amount
        * {{ var('budget_shift_share') }}
        * (best.return_on_spend - returns.return_on_spend) as expected_gain
    from returns
    inner join best on returns.month_start = best.month_start
    where
        returns.return_on_spend >= 1
        and returns.return_on_spend < {{ var('weak_channel_return') }}
        and returns.campaign_id <> best.campaign_id

    union all

    -- release reserve to a channel that is ahead of its plan and returns well
    select
        paces.month_start,
        'release' as advice_kind,
        paces.marketing_channel,
        '(none)' as campaign_id,
        cast(null as string) as product_line,
        cast(null as string) as to_marketing_channel,
        cast(null as string) as to_campaign_id,
        channel_returns.return_on_spend,
        cast(paces.over_amount as double) as amount,
        cast(paces.over_amount as double) * (channel_returns.return_on_spend - 1) as expected_gain
    from paces
    inner join channel_returns
        on
            paces.month_start = channel_returns.month_start
            and paces.marketing_channel = channel_returns.marketing_channel
    where
        paces.pace > {{ var('budget_pace_limit') }}
        and channel_returns.return_on_spend >= {{ var('weak_channel_return') }}

    union all

    -- more for product lines of the best quarter by return: of the spend that falls to them by revenue
    select
        ranked_lines.month_start,
        'raise' as advice_kind,
        '(none)' as marketing_channel,
        '(none)' as campaign_id,
        ranked_lines.product_line,
        cast(null as string) as to_marketing_channel,
        cast(null as string) as to_campaign_id,
        cast(ranked_lines.return_on_cost as double) as return_on_spend,
        totals.spend_amount * ranked_lines.revenue_share * {{ var('budget_top_line_raise') }} as amount,
        cast(null as double) as expected_gain
    from ranked_lines
    inner join totals on ranked_lines.month_start = totals.month_start
    where ranked_lines.place <= ceil(ranked_lines.line_count * {{ var('budget_top_line_share') }})

    {% for part, share in split.items() %}
        union all

        -- the next month's spend, were it as much as this one's, by purpose
        select
            month_start,
            'split_{{ part }}' as advice_kind,
            '(none)' as marketing_channel,
            '(none)' as campaign_id,
            cast(null as string) as product_line,
            cast(null as string) as to_marketing_channel,
            cast(null as string) as to_campaign_id,
            cast(null as double) as return_on_spend,
            spend_amount * {{ share }} as amount,
            cast(null as double) as expected_gain
        from totals
    {% endfor %}
)

select * from advice
