{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on contract_changes. #}
{{ kpi_measures('contract_changes', ref('contract_changes')) }}
