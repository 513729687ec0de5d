{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on lifetime_value. #}
{{ kpi_measures('lifetime_value', ref('lifetime_value')) }}
