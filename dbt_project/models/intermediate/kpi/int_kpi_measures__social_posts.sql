{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_social_posts. #}
{{ kpi_measures('social_posts', ref('fct_social_posts')) }}
