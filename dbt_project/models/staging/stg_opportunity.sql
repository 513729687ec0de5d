-- A deal in the pipeline.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('opportunity', key=['opportunity_id'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        opportunity_id,
        opportunity_name,
        lead_id,
        source_customer_key,
        order_id,
        channel,
        store_id,
        product_line,
        region,
        employee_id,
        lead_source,
        amount,
        cost_amount,
        is_one_off,
        upper(trim(currency)) as currency,
        stage,
        probability,
        is_won,
        is_closed,
        lost_from_stage,
        lost_reason,
        created_at,
        expected_close_date,
        closed_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
