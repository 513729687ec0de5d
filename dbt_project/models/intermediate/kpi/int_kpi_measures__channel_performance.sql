{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on channel_performance. #}
{{ kpi_measures('channel_performance', ref('channel_performance')) }}
