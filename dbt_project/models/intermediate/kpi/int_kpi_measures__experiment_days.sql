{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on experiment_days. #}
{{ kpi_measures('experiment_days', ref('experiment_days')) }}
