{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_compliance_audits. #}
{{ kpi_measures('compliance_audits', ref('fct_compliance_audits')) }}
