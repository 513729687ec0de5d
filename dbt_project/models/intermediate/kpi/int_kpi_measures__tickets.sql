{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_tickets. #}
{{ kpi_measures('tickets', ref('fct_tickets')) }}
