{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on new_customer_revenue. #}
{{ kpi_measures('new_customer_revenue', ref('new_customer_revenue')) }}
