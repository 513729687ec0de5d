{#
    Grain: one row per answer to the recommendation question. points is 100, 0 or -100: its mean is the net promoter score.
    The tier is the one settled before the quarter; new customers first bought within the months that make one new.
#}
with answers as (

    select
        response.*,
        {{ customer_id_column() }},
        10.0 * response.score / response.score_maximum as recommendation
    from {{ ref('fct_survey_responses') }} as response
    {{ customer_id_lookup('response', 'customer_system') }}
    where response.is_recommendation and response.score_maximum > 0 and response.answered_date is not null

),

first_purchases as (

    select
        customer_id,
        min(purchase_date) as first_purchase_date
    from {{ ref('int_purchases__by_customer') }}
    group by 1

)

select
    answers.response_id,
    answers.source_system,
    answers.customer_system,
    answers.source_customer_key,
    answers.survey,
    answers.answered_date,
    answers.region,
    answers.product_line,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    case
        when first_purchases.first_purchase_date is null or first_purchases.first_purchase_date > answers.answered_date
            then '(none)'
        when
            first_purchases.first_purchase_date
            > {{ add_months('answers.answered_date', -(var('new_customer_months') | int)) }} then 'new'
        else 'old'
    end as customer_age,
    {{ member('answers.served_by_employee_id') }} as employee_id,
    answers.ticket_key,
    answers.order_id,
    cast(answers.recommendation as double) as recommendation,
    case
        when answers.recommendation >= {{ var('nps_promoter_score') }} then 'promoter'
        when answers.recommendation > {{ var('nps_detractor_score') }} then 'passive'
        else 'detractor'
    end as respondent_group,
    case
        when answers.recommendation >= {{ var('nps_promoter_score') }} then {{ integer('100') }}
        when answers.recommendation > {{ var('nps_detractor_score') }} then {{ integer('0') }}
        else {{ integer('-100') }}
    end as points,
    answers.reason,
    answers.comment
from answers
left join first_purchases on answers.customer_id = first_purchases.customer_id
{{ customer_tier_lookup('answers.customer_id', 'answers.answered_date') }}
