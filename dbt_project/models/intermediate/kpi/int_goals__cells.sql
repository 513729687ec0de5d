{#
    Grain: one row per current goal, with its cell written as dimension and member as in kpi_values; a crossing joins
    names and members by ' x ' in one order.
#}
{% set cells = goal_cell_columns() %}
select
    goal_key,
    kpi_id,
    grain,
    period_start,
    {{ next_period_start('grain', 'period_start') }} as next_period_start,
    {% for column in cells.values() %}
        {{ column }},
    {% endfor %}
    target_value,
    {{ goal_cell_dimension() }} as dimension,
    coalesce(nullif(concat_ws(' x ', {{ cells.values() | join(', ') }}), ''), 'all') as member
from {{ ref('fct_goals') }}
where is_current
