{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_approvals. #}
{{ kpi_measures('budget_releases', ref('fct_approvals')) }}
