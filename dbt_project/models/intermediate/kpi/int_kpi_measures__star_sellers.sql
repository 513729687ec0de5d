{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on star_sellers. #}
{{ kpi_measures('star_sellers', ref('star_sellers')) }}
