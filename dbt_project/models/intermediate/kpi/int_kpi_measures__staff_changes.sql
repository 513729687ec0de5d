{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on staff_changes. #}
{{ kpi_measures('staff_changes', ref('staff_changes')) }}
