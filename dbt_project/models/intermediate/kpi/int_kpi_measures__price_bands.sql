{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on price_bands. #}
{{ kpi_measures('price_bands', ref('price_bands')) }}
