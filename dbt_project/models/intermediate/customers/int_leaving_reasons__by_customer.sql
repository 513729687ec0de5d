{# Grain: one row per known customer and question why the customer left, with the stated reason if it was answered. #}
with answers as (

    select
        coalesce(customer_system, source_system) as customer_system,
        source_customer_key,
        {{ reporting_date('coalesce(asked_at, answered_at)') }} as asked_date,
        answered_at,
        nullif(trim(reason), '') as reason
    from {{ ref('stg_survey_response') }}
    where question_kind = 'reason' and coalesce(respondent_kind, 'customer') = 'customer'

)

select
    {{ customer_id_column() }},
    answers.asked_date,
    answers.answered_at,
    answers.reason
from answers
{{ customer_id_lookup('answers', 'customer_system') }}
where {{ customer_id_column() }} is not null and answers.asked_date is not null
