-- One row per delivery known to the ledger. As ingestion wrote it.
with

records as (
    select * from {{ lake('delivery') }}
),

final as (
    select
        delivery_seq,
        delivery_id,
        source_system,
        contract,
        file_name,
        state,
        is_active,
        received_at,
        state_reason
    from records
)

select * from final
