{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on lost_customers. #}
{{ kpi_measures('lost_customers', ref('lost_customers')) }}
