-- A move of another brand, and the answer to it.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('competitor_event', key=['event_id']) }}
),

final as (
    select
        source_system,
        event_id,
        brand,
        event_kind,
        product_line,
        region,
        platform,
        description,
        started_at,
        seen_at,
        answered_at,
        answer,
        owner_employee_id,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
