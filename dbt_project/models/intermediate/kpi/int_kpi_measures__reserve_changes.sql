{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on reserve_changes. #}
{{ kpi_measures('reserve_changes', ref('reserve_changes')) }}
