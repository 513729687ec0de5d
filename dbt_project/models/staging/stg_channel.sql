-- A channel that sells, or that brings customers.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('channel', key=['channel']) }}
),

final as (
    select
        source_system,
        channel,
        channel_name,
        channel_group,
        is_online,
        channel_tier,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
