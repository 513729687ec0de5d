{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_sessions. #}
{{ kpi_measures('sessions', ref('fct_sessions')) }}
