{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on training_windows. #}
{{ kpi_measures('training_windows', ref('training_windows')) }}
