{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on community_customers. #}
{{ kpi_measures('community_customers', ref('community_customers')) }}
