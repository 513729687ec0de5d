{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on trigger_response_days. #}
{{ kpi_measures('trigger_response_days', ref('trigger_response_days')) }}
