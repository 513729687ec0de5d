{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on lead_service_levels. #}
{{ kpi_measures('lead_service_levels', ref('lead_service_levels')) }}
