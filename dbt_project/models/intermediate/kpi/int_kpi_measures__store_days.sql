{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on store_days. #}
{{ kpi_measures('store_days', ref('store_days')) }}
