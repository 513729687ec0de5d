-- A movement on a member's account.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('member_points', key=['movement_id']) }}
),

final as (
    select
        source_system,
        movement_id,
        source_customer_key,
        customer_system,
        member_since,
        movement_kind,
        channel,
        store_id,
        order_id,
        points,
        balance_after,
        moved_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
