{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_mentions. #}
{{ kpi_measures('mentions', ref('fct_mentions')) }}
