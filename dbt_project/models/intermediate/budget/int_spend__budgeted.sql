-- Grain: one row per day and budget cell (marketing channel, campaign, region): plan, spend and booked expenses of
-- the day. Spend belongs to the most exact line of its day: campaign and region, campaign, region, channel; else to a
-- cell of its own without a plan. Amounts are additive.
with

plans as (
    select
        budget_date as pacing_date,
        marketing_channel,
        {{ member('campaign_id') }} as campaign_id,
        {{ member('region') }} as region,
        min(period_start) as period_start,
        max(period_end) as period_end,
        sum(coalesce(planned_reporting_amount, 0)) as planned_amount
    from {{ ref('fct_budgets') }}
    where period_start <= {{ as_of_date() }}
    group by 1, 2, 3, 4
),

spend as (
    select
        report_date as pacing_date,
        marketing_channel,
        {{ member('campaign_id') }} as campaign_id,
        {{ member('region') }} as region,
        sum(coalesce(spend_reporting_amount, 0)) as spend_amount,
        cast(0 as decimal(18, 4)) as booked_amount
    from {{ ref('fct_ad_performance') }}
    where is_authoritative and report_date is not null
    group by 1, 2, 3, 4

    union all

    select
        expense_date as pacing_date,
        marketing_channel,
        {{ member('campaign_id') }} as campaign_id,
        region,
        cast(0 as decimal(18, 4)) as spend_amount,
        sum(coalesce(reporting_amount, 0)) as booked_amount
    from {{ ref('fct_expenses') }}
    where marketing_channel <> '(none)' and expense_date <= {{ as_of_date() }}
    group by 1, 2, 3, 4
),

placed as (
    select
        spend.pacing_date,
        spend.marketing_channel,
        case
            when exact_line.marketing_channel is not null or campaign_line.marketing_channel is not null
                then spend.campaign_id
            when region_line.marketing_channel is not null or channel_line.marketing_channel is not null then '(none)'
            else spend.campaign_id
        end as campaign_id,
        case
            when exact_line.marketing_channel is not null then spend.region
            when campaign_line.marketing_channel is not null then '(none)'
            when region_line.marketing_channel is not null then spend.region
            when channel_line.marketing_channel is not null then '(none)'
            else spend.region
        end as region,
        spend.spend_amount,
        spend.booked_amount
    from spend
    left join plans as exact_line
        on
            spend.pacing_date = exact_line.pacing_date
            and spend.marketing_channel = exact_line.marketing_channel
            and spend.campaign_id = exact_line.campaign_id
            and spend.region = exact_line.region
    left join plans as campaign_line
        on
            spend.pacing_date = campaign_line.pacing_date
            and spend.marketing_channel = campaign_line.marketing_channel
            and spend.campaign_id = campaign_line.campaign_id
            and campaign_line.region = '(none)'
    left join plans as region_line
        on
            spend.pacing_date = region_line.pacing_date
            and spend.marketing_channel = region_line.marketing_channel
            and region_line.campaign_id = '(none)'
            and spend.region = region_line.region
    left join plans as channel_line
        on
            spend.pacing_date = channel_line.pacing_date
            and spend.marketing_channel = channel_line.marketing_channel
            and channel_line.campaign_id = '(none)'
            and channel_line.region = '(none)'
),

cells as (
    select
        pacing_date,
        marketing_channel,
        campaign_id,
        region,
        sum(spend_amount) as spend_amount,
        sum(booked_amount) as booked_amount
    from placed
    group by 1, 2, 3, 4
),

final as (
    select
        coalesce(plans.pacing_date, cells.pacing_date) as pacing_date,
        coalesce(plans.marketing_channel, cells.marketing_channel) as marketing_channel,
        coalesce(plans.campaign_id, cells.campaign_id) as campaign_id,
        coalesce(plans.region, cells.region) as region,
        coalesce(plans.period_start, {{ period_start('month', 'cells.pacing_date') }}) as period_start,
        coalesce(
            plans.period_end, {{ add_days(add_months(period_start('month', 'cells.pacing_date'), 1), -1) }}
        ) as period_end,
        plans.pacing_date is not null as is_budgeted,
        {{ money('coalesce(plans.planned_amount, 0)') }} as planned_amount,
        {{ money('coalesce(cells.spend_amount, 0)') }} as spend_amount,
        {{ money('coalesce(cells.booked_amount, 0)') }} as booked_amount
    from plans
    full outer join cells
        on
            plans.pacing_date = cells.pacing_date
            and plans.marketing_channel = cells.marketing_channel
            and plans.campaign_id = cells.campaign_id
            and plans.region = cells.region
)

select * from final
