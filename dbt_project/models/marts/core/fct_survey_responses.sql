-- Grain: one row per answer and order reviewed. Scores of different scales are not comparable: divide by score_maximum.
with

responses as (
    select * from {{ ref('stg_survey_response') }}
),

joined as (
    select
        responses.*,
        coalesce(responses.source_customer_key, orders.source_customer_key) as customer_key,
        coalesce(
            region_word.region, nullif(trim(responses.region), ''), orders.region, customer.region, '(none)'
        ) as sales_region
    from responses
    left join {{ ref('int_orders__placed') }} as orders
        on
            responses.source_system = orders.source_system
            and responses.order_id = orders.order_id
    left join {{ ref('int_customers__resolved') }} as customer
        on
            responses.source_system = customer.source_system
            and responses.source_customer_key = customer.source_customer_key
    {{ region_word_lookup('responses.region') }}
),

final as (
    select
        response_id,
        source_system,
        customer_key as source_customer_key,
        survey,
        question_kind,
        respondent_kind,
        brand,
        order_id,
        sales_region as region,
        aspect,
        score,
        score_maximum,
        title,
        comment,
        asked_at,
        answered_at,
        {{ reporting_date('answered_at') }} as answered_date,
        {{ lineage_columns('joined') }}
    from joined
)

select * from final
