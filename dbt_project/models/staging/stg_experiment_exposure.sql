-- A customer or visitor who was shown a variant, and what came of it.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('experiment_exposure', key=['exposure_id']) }}
),

final as (
    select
        source_system,
        exposure_id,
        experiment_id,
        variant,
        source_customer_key,
        customer_system,
        visitor_token,
        exposed_at,
        is_converted,
        outcome_value,
        outcome_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
