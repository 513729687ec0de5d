{# Grain: one row per grain, period_start, dimension and member: measures of KPIs on fct_survey_responses. #}
{{ kpi_measures('employee_answers', ref('fct_survey_responses')) }}
