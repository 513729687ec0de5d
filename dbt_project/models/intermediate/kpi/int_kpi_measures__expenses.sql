{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_expenses. #}
{{ kpi_measures('expenses', ref('fct_expenses')) }}
