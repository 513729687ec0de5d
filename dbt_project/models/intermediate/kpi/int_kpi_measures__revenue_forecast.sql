{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on revenue_forecast. #}
{{ kpi_measures('revenue_forecast', ref('revenue_forecast')) }}
