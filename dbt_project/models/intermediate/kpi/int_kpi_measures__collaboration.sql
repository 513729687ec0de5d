{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_collaboration. #}
{{ kpi_measures('collaboration', ref('fct_collaboration')) }}
