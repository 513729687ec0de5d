{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_tasks. #}
{{ kpi_measures('tasks', ref('fct_tasks')) }}
