{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on seller_scorecard. #}
{{ kpi_measures('seller_scorecard', ref('seller_scorecard')) }}
