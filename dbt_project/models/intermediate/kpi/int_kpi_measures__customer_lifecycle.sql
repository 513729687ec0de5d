{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_lifecycle. #}
{{ kpi_measures('customer_lifecycle', ref('customer_lifecycle')) }}
