{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on seller_attainment. #}
{{ kpi_measures('seller_attainment', ref('seller_attainment')) }}
