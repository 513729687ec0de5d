{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on delivery_days. #}
{{ kpi_measures('delivery_days', ref('delivery_days')) }}
