{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_training. #}
{{ kpi_measures('trainings', ref('fct_training')) }}
