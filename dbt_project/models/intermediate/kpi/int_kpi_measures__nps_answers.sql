{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on nps_answers. #}
{{ kpi_measures('nps_answers', ref('nps_answers')) }}
