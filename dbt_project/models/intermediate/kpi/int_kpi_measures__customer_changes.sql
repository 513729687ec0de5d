{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_changes. #}
{{ kpi_measures('customer_changes', ref('customer_changes')) }}
