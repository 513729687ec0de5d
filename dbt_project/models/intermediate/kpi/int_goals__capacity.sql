{#
    Grain: one row per yearly revenue goal of the whole, a region or a team: the sellers at its start (of a year not begun,
    today's) and the best revenue per seller of the years before. Not additive.
#}
with sellers as (

    select
        employee_id,
        team,
        region,
        hired_date,
        left_date,
        valid_from,
        valid_to
    from {{ ref('dim_employee') }}
    where role = 'seller'

),

years as (

    select distinct year_start_date as year_start
    from {{ ref('dim_date') }}

),

-- sellers on the first day of a year; in the running and the first year of the company, of those who came within it
staffed as (

    select
        years.year_start,
        sellers.team,
        sellers.region,
        sellers.employee_id
    from years
    inner join sellers
        on
            {{ add_days(add_months('years.year_start', 12), -1) }} >= sellers.valid_from
            and years.year_start < sellers.valid_to
            and coalesce(sellers.hired_date, years.year_start) <= {{ add_days(add_months('years.year_start', 12), -1) }}
            and coalesce(sellers.left_date, {{ add_months('years.year_start', 12) }}) > years.year_start

),

goals as (

    select
        goal_key,
        dimension,
        member,
        {{ period_start('year', 'period_start') }} as year_start
    from {{ ref('int_goals__cells') }}
    where kpi_id = 'revenue' and grain = 'year' and dimension in ('total', 'region', 'team')

),

counts as (

    select
        goals.goal_key,
        staffed.year_start,
        count(distinct staffed.employee_id) as seller_count
    from goals
    inner join staffed
        on
            goals.dimension = 'total'
            or (goals.dimension = 'region' and goals.member = staffed.region)
            or (goals.dimension = 'team' and goals.member = staffed.team)
    where
        staffed.year_start <= goals.year_start
        and staffed.year_start >= {{ add_months('goals.year_start', -12 * (var('goal_history_years') | int)) }}
    group by 1, 2

),

recorded as (

    select min(period_start) as first_month
    from {{ ref('kpi_values') }}
    where kpi_id = 'revenue' and grain = 'month' and dimension = 'total'

),

past as (

    select
        goals.goal_key,
        max(revenue.value / counts.seller_count) as best_revenue_per_seller
    from goals
    inner join {{ ref('kpi_values') }} as revenue
        on
            revenue.kpi_id = 'revenue'
            and revenue.grain = 'year'
            and goals.dimension = revenue.dimension
            and goals.member = revenue.member
            and goals.year_start > revenue.period_start
    -- the first year of the records counts where they hold all of it
    inner join recorded on revenue.period_start >= recorded.first_month
    inner join counts
        on goals.goal_key = counts.goal_key and revenue.period_start = counts.year_start
    group by 1

)

select
    goals.goal_key,
    counts.seller_count,
    past.best_revenue_per_seller
from goals
left join counts on goals.goal_key = counts.goal_key and goals.year_start = counts.year_start
left join past on goals.goal_key = past.goal_key
