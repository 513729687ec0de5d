{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on revenue_events. #}
{{ kpi_measures('revenue_events', ref('revenue_events')) }}
