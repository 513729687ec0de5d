{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_records. #}
{{ kpi_measures('customer_records', ref('customer_records')) }}
