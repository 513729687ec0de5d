{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_audience_reach. #}
{{ kpi_measures('audience_reach', ref('fct_audience_reach')) }}
