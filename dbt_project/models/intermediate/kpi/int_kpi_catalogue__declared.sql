{# Grain: one row per KPI, as its metric declaration under models/semantic says it today. #}
{{ kpi_catalogue_rows() }}
