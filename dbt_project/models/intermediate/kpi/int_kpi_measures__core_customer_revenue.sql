{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on core_customer_revenue. #}
{{ kpi_measures('core_customer_revenue', ref('core_customer_revenue')) }}
