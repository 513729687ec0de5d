{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on campaign_day_changes. #}
{{ kpi_measures('campaign_day_changes', ref('campaign_day_changes')) }}
