{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on budget_pacing. #}
{{ kpi_measures('budget_pacing', ref('budget_pacing')) }}
