{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_retention. #}
{{ kpi_measures('customer_retention', ref('customer_retention')) }}
