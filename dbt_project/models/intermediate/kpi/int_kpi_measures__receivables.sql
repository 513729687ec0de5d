{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_receivables. #}
{{ kpi_measures('receivables', ref('fct_receivables')) }}
