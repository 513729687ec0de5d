-- Entity rows that a delivery's part wrote. As ingestion wrote it.
with

records as (
    select * from {{ lake('delivery_entity') }}
),

final as (
    select
        delivery_seq,
        part,
        entity,
        entity_rows
    from records
)

select * from final
