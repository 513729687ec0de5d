{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_coverage. #}
{{ kpi_measures('customer_coverage', ref('customer_coverage')) }}
