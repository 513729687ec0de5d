{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on customer_record_days. #}
{{ kpi_measures('customer_record_days', ref('customer_record_days')) }}
