{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on product_recommendations. #}
{{ kpi_measures('product_recommendations', ref('product_recommendations')) }}
