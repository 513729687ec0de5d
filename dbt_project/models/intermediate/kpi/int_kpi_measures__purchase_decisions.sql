{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on purchase_decisions. #}
{{ kpi_measures('purchase_decisions', ref('purchase_decisions')) }}
