{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on stall_events. #}
{{ kpi_measures('stall_events', ref('stall_events')) }}
