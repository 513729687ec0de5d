{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_opportunities. #}
{{ kpi_measures('opportunities', ref('fct_opportunities')) }}
