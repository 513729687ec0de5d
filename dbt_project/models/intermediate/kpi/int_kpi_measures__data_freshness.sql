{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on data_freshness. #}
{{ kpi_measures('data_freshness', ref('data_freshness')) }}
