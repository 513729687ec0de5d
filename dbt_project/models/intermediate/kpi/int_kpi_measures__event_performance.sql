{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on event_performance. #}
{{ kpi_measures('event_performance', ref('event_performance')) }}
