{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on device_health. #}
{{ kpi_measures('device_health', ref('device_health')) }}
