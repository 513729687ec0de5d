{#
    Grain: one row per period that a team's goal starts in, team and seller in it that day: the seller's share of the
    team's goal, by own revenue of the twelve months before, equal where the team had none. The shares of a team sum to 1.
#}
with periods as (

    select distinct
        period_start,
        team
    from {{ ref('fct_goals') }}
    where team is not null and employee_id is null

),

sellers as (

    select
        periods.period_start,
        periods.team,
        employees.employee_id,
        greatest(coalesce(sum(cast(events.revenue_reporting_amount as double)), 0), 0) as revenue
    from periods
    inner join {{ ref('dim_employee') }} as employees
        on
            periods.team = employees.team
            and periods.period_start >= employees.valid_from
            and periods.period_start < employees.valid_to
            and coalesce(employees.hired_date, periods.period_start) <= periods.period_start
            and coalesce(employees.left_date, {{ add_days('periods.period_start', 1) }}) > periods.period_start
    left join {{ ref('revenue_events') }} as events
        on
            employees.employee_id = events.employee_id
            and periods.period_start > events.event_date
            and {{ add_months('periods.period_start', -12) }} <= events.event_date
    where employees.role = 'seller'
    group by 1, 2, 3

)

select
    period_start,
    team,
    employee_id,
    case
        when sum(revenue) over (partition by period_start, team) > 0
            then revenue / sum(revenue) over (partition by period_start, team)
        else 1 / cast(count(*) over (partition by period_start, team) as double)
    end as employee_share
from sellers
