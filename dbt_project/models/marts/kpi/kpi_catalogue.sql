{# Grain: one row per KPI and version, from the metric declarations under models/semantic. #}
{{ kpi_catalogue_rows() }}
