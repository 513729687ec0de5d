{#
    Grain: one row per goal: KPI, dimension and member of its cell, grain and period_start. Nothing is additive.
    plan_to_date follows the seasonality of past years; attainment = actual / plan_to_date, deviation = attainment - 1.
#}
with refused as (

    select distinct goal_key
    from {{ ref('goal_checks') }}
    where is_current and outcome = 'refused'

),

goals as (

    select
        goal.kpi_id,
        goal.dimension,
        goal.member,
        goal.grain,
        goal.period_start,
        goal.target_value,
        goal.target_value * plan.due_share as plan_to_date,
        plan.due_share,
        plan.accumulates,
        catalogue.direction,
        single.value as single_value,
        crossing.goal_key is not null as is_crossing,
        crossing.actual as crossing_value,
        goal.dimension = 'total' or concat(', ', catalogue.dimensions, ', ') like concat('%, ', goal.dimension, ', %')
            as is_served
    from {{ ref('int_goals__cells') }} as goal
    inner join {{ ref('int_kpi_catalogue__declared') }} as catalogue on goal.kpi_id = catalogue.kpi_id
    inner join {{ ref('int_goals__plan_shares') }} as plan on goal.goal_key = plan.goal_key
    left join {{ ref('int_goals__crossing_actuals') }} as crossing on goal.goal_key = crossing.goal_key
    left join {{ ref('kpi_values') }} as single
        on
            goal.kpi_id = single.kpi_id
            and goal.grain = single.grain
            and goal.period_start = single.period_start
            and goal.dimension = single.dimension
            and goal.member = single.member
    left join refused on goal.goal_key = refused.goal_key
    where refused.goal_key is null

),

compared as (

    select
        *,
        -- nothing sold in a period that has begun is an actual of zero; what cannot be computed is missing
        case
            when due_share = 0 then null
            when is_crossing and accumulates then coalesce(crossing_value, 0)
            when is_crossing then crossing_value
            when is_served and accumulates then coalesce(single_value, 0)
            else single_value
        end as actual
    from goals

),

rated as (

    select
        *,
        actual / nullif(plan_to_date, 0) as attainment
    from compared

)

select
    kpi_id,
    dimension,
    member,
    grain,
    period_start,
    target_value as target,
    plan_to_date,
    actual,
    attainment,
    attainment - 1 as deviation,
    case
        when attainment is null or direction = 'neutral' then null
        when direction = 'up' and attainment >= {{ var('goal_green_attainment') }} then 'green'
        when direction = 'up' and attainment >= {{ var('goal_yellow_attainment') }} then 'yellow'
        when direction = 'down' and attainment <= 2 - {{ var('goal_green_attainment') }} then 'green'
        when direction = 'down' and attainment <= 2 - {{ var('goal_yellow_attainment') }} then 'yellow'
        else 'red'
    end as status
from rated
