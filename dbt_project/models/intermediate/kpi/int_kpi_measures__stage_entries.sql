{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on stage_entries. #}
{{ kpi_measures('stage_entries', ref('stage_entries')) }}
