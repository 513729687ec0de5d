{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on pipeline_changes. #}
{{ kpi_measures('pipeline_changes', ref('pipeline_changes')) }}
