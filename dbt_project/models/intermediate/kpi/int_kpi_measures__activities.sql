{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_activities. #}
{{ kpi_measures('activities', ref('fct_activities')) }}
