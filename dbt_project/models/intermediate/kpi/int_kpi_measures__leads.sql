{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_leads. #}
{{ kpi_measures('leads', ref('fct_leads')) }}
