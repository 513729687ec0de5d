{#
    Grain: one row per current goal of a KPI that grows over the days of its period, and month of the period: the month's
    weight. Months weigh as in the mean of the last full years of that KPI (revenue without one-off orders); without a
    full year before, by their days. Weights are additive within a goal.
#}
with month_values as (

    select
        months.kpi_id,
        months.period_start,
        {{ kpi_period_start('year', 'months.period_start') }} as year_start,
        months.value - coalesce(one_off.one_off_reporting_amount, 0) as value
    from {{ ref('kpi_values') }} as months
    left join {{ ref('int_revenue__one_off') }} as one_off
        on months.kpi_id = 'revenue' and months.period_start = one_off.month_start
    where months.grain = 'month' and months.dimension = 'total' and months.value is not null

),

history as (

    select
        kpi_id,
        year_start,
        extract(month from period_start) as month_number,
        value / nullif(sum(value) over (partition by kpi_id, year_start), 0) as year_share,
        count(*) over (partition by kpi_id, year_start) as month_count
    from month_values

),

goals as (

    select
        goal.goal_key,
        goal.kpi_id,
        goal.period_start,
        goal.next_period_start,
        {{ kpi_period_start('year', 'goal.period_start') }} as year_start
    from {{ ref('int_goals__cells') }} as goal
    inner join {{ ref('int_kpi_catalogue__declared') }} as catalogue
        on
            goal.kpi_id = catalogue.kpi_id
            and catalogue.accumulates

),

curves as (

    select
        goals.goal_key,
        history.month_number,
        avg(history.year_share) as weight
    from goals
    inner join history
        on
            goals.kpi_id = history.kpi_id
            and goals.year_start > history.year_start
            and {{ add_months('goals.year_start', -12 * (var('goal_history_years') | int)) }} <= history.year_start
    where history.month_count = 12
    group by 1, 2

),

months as (

    select
        month_start_date as month_start,
        max(date_day) as last_date,
        count(*) as day_count,
        sum(case when date_day <= {{ as_of_date() }} then 1 else 0 end) as elapsed_day_count
    from {{ ref('dim_date') }}
    group by 1

)

select
    goals.goal_key,
    months.month_start,
    months.last_date,
    months.elapsed_day_count / cast(months.day_count as double) as elapsed_share,
    case when curve.goal_key is not null then coalesce(weights.weight, 0) else cast(months.day_count as double) end
        as weight
from goals
inner join months on goals.period_start <= months.month_start and goals.next_period_start > months.month_start
left join (select distinct curves.goal_key from curves) as curve on goals.goal_key = curve.goal_key
left join curves as weights
    on goals.goal_key = weights.goal_key and extract(month from months.month_start) = weights.month_number
