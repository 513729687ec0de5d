{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on city_months. #}
{{ kpi_measures('city_months', ref('city_months')) }}
