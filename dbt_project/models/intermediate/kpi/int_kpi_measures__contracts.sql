{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_contracts. #}
{{ kpi_measures('contracts', ref('fct_contracts')) }}
