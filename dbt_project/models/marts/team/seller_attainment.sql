{#
    Grain: one row per quarter and seller. Target and revenue are additive, attainment and ranks are not. The target is
    the seller's goal of the quarter, else the sum of the goals of its months; revenue is as in the KPI of that name.
#}
with goals as (

    select
        employee_id,
        {{ kpi_period_start('quarter', 'period_start') }} as quarter_start,
        sum(case when grain = 'quarter' then target_value end) as quarter_target,
        sum(case when grain = 'month' then target_value end) as months_target
    from {{ ref('fct_goals') }}
    where
        kpi_id = 'revenue'
        and is_current
        and employee_id is not null
        and grain in ('quarter', 'month')
        and coalesce(region, product_line, channel, team, customer_group) is null
    group by 1, 2

),

actuals as (

    select
        {{ kpi_period_start('quarter', 'event_date') }} as quarter_start,
        employee_id,
        sum(coalesce(revenue_reporting_amount, 0)) as revenue_reporting_amount
    from {{ ref('revenue_events') }}
    where employee_id is not null
    group by 1, 2

),

quarters as (

    select distinct quarter_start from actuals
    union
    select distinct quarter_start from goals
    where quarter_start <= {{ as_of_date() }}

),

ends as (

    select
        quarter_start,
        least({{ add_days(add_months('quarter_start', 3), -1) }}, {{ as_of_date() }}) as judged_date,
        {{ add_months('quarter_start', 3) }} <= {{ add_days(as_of_date(), 1) }} as is_complete
    from quarters

),

-- team and region of the quarter's last day, or of the last day employed
sellers as (

    select
        ends.quarter_start,
        ends.is_complete,
        employee.employee_id,
        {{ member('employee.team') }} as team,
        employee.region
    from ends
    inner join {{ ref('dim_employee') }} as employee
        on
            ends.judged_date between employee.valid_from and employee.valid_to
            and coalesce(employee.hired_date, employee.valid_from) <= ends.judged_date
            and coalesce(employee.left_date, employee.valid_to) >= ends.quarter_start
    where employee.role = 'seller'

),

measured as (

    select
        sellers.quarter_start,
        sellers.employee_id,
        sellers.team,
        sellers.region,
        sellers.is_complete,
        coalesce(goals.quarter_target, goals.months_target) as target,
        {{ money('coalesce(actuals.revenue_reporting_amount, 0)') }} as revenue_reporting_amount
    from sellers
    left join goals on sellers.quarter_start = goals.quarter_start and sellers.employee_id = goals.employee_id
    left join actuals on sellers.quarter_start = actuals.quarter_start and sellers.employee_id = actuals.employee_id

),

rated as (

    select
        measured.*,
        -- rounded, so that a limit is reached by the amount that stands at it
        round(cast(revenue_reporting_amount as double) / nullif(target, 0), 12) as attainment
    from measured

)

select
    quarter_start,
    employee_id,
    team,
    region,
    is_complete,
    target,
    revenue_reporting_amount,
    attainment,
    attainment >= {{ var('seller_pass_attainment') }} as is_passed,
    {{ integer(
        'case when attainment is not null then rank() over '
        ~ '(partition by quarter_start, team order by attainment desc nulls last) end'
    ) }} as rank_in_team,
    {{ integer(
        'case when attainment is not null then rank() over '
        ~ '(partition by quarter_start order by attainment desc nulls last) end'
    ) }} as rank_in_company
from rated
