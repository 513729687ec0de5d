-- Last successful look at each source, by system and contract. As ingestion wrote it.
with

records as (
    select * from {{ lake('source_check') }}
),

final as (
    select
        source_system,
        contract,
        checked_at,
        last_received_at
    from records
)

select * from final
