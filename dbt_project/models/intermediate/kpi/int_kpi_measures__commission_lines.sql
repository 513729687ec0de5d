{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on commission_lines. #}
{{ kpi_measures('commission_lines', ref('commission_lines')) }}
