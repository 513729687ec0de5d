{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_outlets. #}
{{ kpi_measures('outlets', ref('fct_outlets')) }}
