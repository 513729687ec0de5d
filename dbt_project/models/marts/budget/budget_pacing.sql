{#
    Grain: one row per day, marketing channel, campaign and region of a budget line, also of days to come in a period that
    has begun. Plan, spend and booked expenses of the day are additive; all that is to date, and every ratio, is not.
    Levels are those of the budget alerts: 1 when most of the budget is used before its end, 2 when spend is far ahead of
    the plan to date.
#}
with days as (

    select
        spend.*,
        spend.pacing_date <= {{ as_of_date() }} as is_due
    from {{ ref('int_spend__budgeted') }} as spend

),

running as (

    select
        days.*,
        sum(planned_amount) over (
            partition by marketing_channel, campaign_id, region, period_start, period_end
        ) as budget_amount,
        sum(planned_amount) over (
            partition by marketing_channel, campaign_id, region, period_start, period_end order by pacing_date
        ) as plan_to_date_amount,
        sum(spend_amount) over (
            partition by marketing_channel, campaign_id, region, period_start, period_end order by pacing_date
        ) as spend_to_date_amount
    from days

),

-- rounded, so that a limit is reached by the amount that stands at it
rated as (

    select
        running.*,
        case
            when is_due then round(cast(spend_to_date_amount as double) / nullif(cast(budget_amount as double), 0), 12)
        end as consumption,
        case
            when is_due
                then round(cast(spend_to_date_amount as double) / nullif(cast(plan_to_date_amount as double), 0), 12)
        end as pace,
        case
            when is_due then round(cast(spend_amount as double) / nullif(cast(planned_amount as double), 0) - 1, 12)
        end as day_overspend
    from running

)

select
    pacing_date,
    marketing_channel,
    campaign_id,
    region,
    period_start,
    period_end,
    is_budgeted,
    is_due,
    planned_amount as planned_reporting_amount,
    case when is_due then planned_amount else 0 end as due_planned_reporting_amount,
    spend_amount as spend_reporting_amount,
    booked_amount as booked_reporting_amount,
    {{ money('budget_amount') }} as budget_reporting_amount,
    {{ money('plan_to_date_amount') }} as plan_to_date_reporting_amount,
    {{ money('case when is_due then spend_to_date_amount end') }} as spend_to_date_reporting_amount,
    consumption,
    pace,
    day_overspend,
    {{ money('pace * cast(budget_amount as double)') }} as projected_end_reporting_amount,
    {{ integer(
        'case when not is_due then null when pace > ' ~ var('budget_pace_limit') ~ ' then 2 when consumption >= '
        ~ var('budget_consumption_limit') ~ ' and pacing_date < period_end then 1 else 0 end'
    ) }} as alert_level,
    coalesce(day_overspend > {{ var('budget_day_overspend_limit') }}, false) as is_day_spike
from rated
