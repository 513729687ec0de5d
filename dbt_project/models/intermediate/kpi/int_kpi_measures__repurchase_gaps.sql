{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on repurchase_gaps. #}
{{ kpi_measures('repurchase_gaps', ref('repurchase_gaps')) }}
