{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_social_accounts. #}
{{ kpi_measures('social_accounts', ref('fct_social_accounts')) }}
