{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on contact_weeks. #}
{{ kpi_measures('contact_weeks', ref('contact_weeks')) }}
