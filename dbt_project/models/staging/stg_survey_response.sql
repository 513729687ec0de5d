-- An answer to a survey or review.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('survey_response', key=['response_id', 'order_id']) }}
),

final as (
    select
        source_system,
        response_id,
        survey,
        question_kind,
        respondent_kind,
        source_customer_key,
        customer_system,
        employee_id,
        served_by_employee_id,
        order_id,
        ticket_id,
        product_id,
        product_line,
        region,
        brand,
        aspect,
        score,
        score_maximum,
        functional_answer,
        dysfunctional_answer,
        reason,
        title,
        comment,
        asked_at,
        answered_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
