{#
    Grain: one row per current goal and period whose actual is needed: the goal's own period, and each month of it where
    the goal crosses dimensions and its KPI grows over the period (its key: the goal's, then @ and the month).
#}
{% set cells = goal_cell_columns() %}
select
    goal_key,
    kpi_id,
    grain,
    period_start,
    {% for column in cells.values() %}
        {{ column }},
    {% endfor %}
    dimension
from {{ ref('int_goals__cells') }}

union all

select
    goals.goal_key || '@' || cast(months.month_start as string) as goal_key,
    goals.kpi_id,
    'month' as grain,
    months.month_start as period_start,
    {% for column in cells.values() %}
        goals.{{ column }},
    {% endfor %}
    goals.dimension
from {{ ref('int_goals__cells') }} as goals
inner join {{ ref('int_goals__month_weights') }} as months on goals.goal_key = months.goal_key
where goals.dimension like '% x %' and months.month_start <= {{ as_of_date() }}
