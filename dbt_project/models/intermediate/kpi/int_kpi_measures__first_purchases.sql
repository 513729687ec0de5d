{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on first_purchases. #}
{{ kpi_measures('first_purchases', ref('first_purchases')) }}
