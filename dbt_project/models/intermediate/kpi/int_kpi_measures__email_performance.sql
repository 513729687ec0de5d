{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on email_performance. #}
{{ kpi_measures('email_performance', ref('email_performance')) }}
