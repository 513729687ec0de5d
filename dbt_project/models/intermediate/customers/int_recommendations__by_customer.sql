{# Grain: one row per answer of a known customer on the willingness to recommend, in points of 10. #}
with answers as (

    select
        response_id,
        answered_at,
        {{ reporting_date('answered_at') }} as answered_date,
        coalesce(customer_system, source_system) as customer_system,
        source_customer_key,
        score / nullif(score_maximum, 0) * 10 as recommendation_score
    from {{ ref('stg_survey_response') }}
    where question_kind = 'nps' and score is not null

)

select
    {{ customer_id_column() }},
    answers.response_id,
    answers.answered_at,
    answers.answered_date,
    answers.recommendation_score
from answers
{{ customer_id_lookup('answers', 'customer_system') }}
where {{ customer_id_column() }} is not null and answers.answered_date <= {{ as_of_date() }}
