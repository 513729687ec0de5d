{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on page_performance. #}
{{ kpi_measures('page_performance', ref('page_performance')) }}
