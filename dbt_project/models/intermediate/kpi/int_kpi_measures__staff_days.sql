{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on staff_days. #}
{{ kpi_measures('staff_days', ref('staff_days')) }}
