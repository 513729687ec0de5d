{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on seller_pools. #}
{{ kpi_measures('seller_pools', ref('seller_pools')) }}
