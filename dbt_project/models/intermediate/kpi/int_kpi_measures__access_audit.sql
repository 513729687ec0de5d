{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on access_audit. #}
{{ kpi_measures('access_audit', ref('access_audit')) }}
