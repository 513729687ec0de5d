{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on action_items. #}
{{ kpi_measures('action_items', ref('action_items')) }}
