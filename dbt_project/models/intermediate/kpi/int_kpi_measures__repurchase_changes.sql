{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on repurchase_changes. #}
{{ kpi_measures('repurchase_changes', ref('repurchase_changes')) }}
