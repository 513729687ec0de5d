{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on target_gaps. #}
{{ kpi_measures('target_gaps', ref('target_gaps')) }}
