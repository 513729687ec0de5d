{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_visits. #}
{{ kpi_measures('customer_visits', ref('customer_visits')) }}
