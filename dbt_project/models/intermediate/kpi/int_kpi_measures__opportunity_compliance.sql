{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on opportunity_compliance. #}
{{ kpi_measures('opportunity_compliance', ref('opportunity_compliance')) }}
