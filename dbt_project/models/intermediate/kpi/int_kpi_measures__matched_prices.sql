{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on matched_prices. #}
{{ kpi_measures('matched_prices', ref('matched_prices')) }}
