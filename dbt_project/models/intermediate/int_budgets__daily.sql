-- Budget lines by day: the amount of the period spread evenly, in cents, so that the days add up to the whole.
with

budgets as (
    select
        budget.*,
        coalesce(channel_word.channel, lower(nullif(trim(budget.marketing_channel), '')), '(none)') as channel,
        coalesce(region_word.region, nullif(trim(budget.region), '')) as sales_region,
        {{ days_between('budget.period_start', 'budget.period_end') }} + 1 as day_count
    from {{ ref('stg_budget') }} as budget
    {{ channel_word_lookup('budget.marketing_channel') }}
    {{ region_word_lookup('budget.region') }}
    where budget.period_end >= budget.period_start
),

span as (
    select
        min(period_start) as first_day,
        max(period_end) as last_day
    from budgets
),

days as (
    select calendar.date_day
    from {{ day_series(
        "date '" ~ var('calendar_first_year') ~ "-01-01'", "date '" ~ var('calendar_last_year') ~ "-12-31'"
    ) }} as calendar
    inner join span
        on calendar.date_day between span.first_day and span.last_day
),

spread_days as (
    select
        budgets.*,
        days.date_day as budget_date,
        {{ days_between('budgets.period_start', 'days.date_day') }} + 1 as day_number
    from budgets
    inner join days
        on days.date_day between budgets.period_start and budgets.period_end
),

amounts as (
    select
        spread_days.*,
        {{ money(spread('planned_amount', 'day_number', '1', 'day_count', decimals=2)) }} as day_planned_amount,
        {{ money(spread('reserve_amount', 'day_number', '1', 'day_count', decimals=2)) }} as day_reserve_amount
    from spread_days
),

final as (
    select
        amounts.source_system
        || ':'
        || amounts.channel
        || ':'
        || coalesce(amounts.campaign_id, '')
        || ':'
        || coalesce(amounts.sales_region, '')
        || ':'
        || cast(amounts.period_start as string)
        || ':'
        || cast(amounts.period_end as string) as budget_key,
        amounts.budget_date,
        amounts.source_system,
        amounts.channel as marketing_channel,
        amounts.campaign_id,
        amounts.sales_region as region,
        amounts.period_start,
        amounts.period_end,
        amounts.currency,
        amounts.day_planned_amount as planned_amount,
        {{ at_rate('amounts.day_planned_amount', exchange_rate('amounts.currency')) }} as planned_reporting_amount,
        amounts.day_reserve_amount as reserve_amount,
        {{ at_rate('amounts.day_reserve_amount', exchange_rate('amounts.currency')) }} as reserve_reporting_amount,
        {{ lineage_columns('amounts') }}
    from amounts
    {{ exchange_rate_lookup('amounts.currency', budget_rate_day('amounts.budget_date')) }}
)

select * from final
