{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on seller_changes. #}
{{ kpi_measures('seller_changes', ref('seller_changes')) }}
