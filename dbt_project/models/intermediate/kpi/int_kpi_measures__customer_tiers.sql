{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_tiers. #}
{{ kpi_measures('customer_tiers', ref('customer_tiers')) }}
