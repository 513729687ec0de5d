{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_survey_responses. #}
{{ kpi_measures('survey_responses', ref('fct_survey_responses')) }}
