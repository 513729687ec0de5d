{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on brand_awareness. #}
{{ kpi_measures('brand_awareness', ref('brand_awareness')) }}
