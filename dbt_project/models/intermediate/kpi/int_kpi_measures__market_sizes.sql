{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on market_sizes. #}
{{ kpi_measures('market_sizes', ref('market_sizes')) }}
