{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on product_affinity. #}
{{ kpi_measures('product_affinity', ref('product_affinity')) }}
