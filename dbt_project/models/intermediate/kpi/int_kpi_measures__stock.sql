{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_stock. #}
{{ kpi_measures('stock', ref('fct_stock')) }}
