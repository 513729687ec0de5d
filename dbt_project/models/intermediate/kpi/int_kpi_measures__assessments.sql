{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_assessments. #}
{{ kpi_measures('assessments', ref('fct_assessments')) }}
