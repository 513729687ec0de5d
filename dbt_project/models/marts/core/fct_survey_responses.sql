-- Grain: one row per answer to one question, and order reviewed. Scores of different scales are not comparable: divide
-- by score_maximum.
with

responses as (
    select
        survey_response.*,
        {{ unguarded('survey_response.order_id') }} as plain_order_id,
        coalesce(survey_response.customer_system, survey_response.source_system) as customer_of_system,
        {{ reporting_date('survey_response.answered_at') }} as answered_date
    from {{ ref('stg_survey_response') }} as survey_response
),

joined as (
    select
        responses.*,
        coalesce(responses.source_customer_key, orders.source_customer_key) as customer_key,
        case
            when responses.source_customer_key is null and orders.source_customer_key is not null
                then orders.source_system
            else responses.customer_of_system
        end as system_of_customer,
        coalesce(employee.employee_id, responses.employee_id) as respondent_employee_id,
        coalesce(server.employee_id, responses.served_by_employee_id) as server_id,
        {{ member('coalesce(product.product_line, responses.product_line)') }} as line_of_product,
        coalesce(
            region_word.region, nullif(trim(responses.region), ''), orders.region, nullif(customer.region, '(none)'),
            employee.region, '(none)'
        ) as sales_region
    from responses
    left join {{ ref('int_orders__placed') }} as orders
        on
            responses.source_system = orders.source_system
            and responses.plain_order_id = orders.order_id
    left join {{ ref('int_customers__resolved') }} as customer
        on
            responses.customer_of_system = customer.source_system
            and responses.source_customer_key = customer.source_customer_key
    left join {{ ref('dim_product') }} as product on responses.product_id = product.product_id
    {{ region_word_lookup('responses.region') }}
    {{ employee_lookup('responses.employee_id', 'responses.answered_date') }}
    {{ employee_lookup('responses.served_by_employee_id', 'responses.answered_date', name='server') }}
),

final as (
    select
        response_id,
        source_system,
        system_of_customer as customer_system,
        customer_key as source_customer_key,
        survey,
        question_kind,
        respondent_kind,
        respondent_employee_id as employee_id,
        server_id as served_by_employee_id,
        plain_order_id as order_id,
        case when ticket_id is not null then source_system || ':' || ticket_id end as ticket_key,
        product_id,
        line_of_product as product_line,
        sales_region as region,
        brand,
        {{ member('aspect') }} as aspect,
        score,
        score_maximum,
        functional_answer,
        dysfunctional_answer,
        reason,
        title,
        comment,
        asked_at,
        answered_at,
        answered_date,
        -- without a kind, the scale tells what was asked: 0 to 10 is the recommendation, 1 to 5 the satisfaction
        coalesce(respondent_kind, 'customer') = 'customer' and score is not null
        and coalesce(question_kind, case when score_maximum = 10 then 'nps' end, '') = 'nps' as is_recommendation,
        coalesce(respondent_kind, 'customer') = 'customer' and score is not null
        and coalesce(question_kind, case when score_maximum = 5 then 'csat' end, '') = 'csat' as is_satisfaction,
        coalesce(respondent_kind, 'customer') = 'customer' and score is not null
        and coalesce(question_kind, case when score_maximum = 5 then 'csat' end, '') = 'csat'
        and coalesce(5 * score / score_maximum >= {{ var('csat_satisfied_score') }}, false) as is_satisfied,
        {{ lineage_columns('joined') }}
    from joined
)

select * from final
