-- Counts of a delivery's part as read, in source records. As ingestion wrote it.
with

records as (
    select * from {{ lake('delivery_part') }}
),

final as (
    select
        delivery_seq,
        part,
        received_rows,
        accepted_rows,
        superseded_rows,
        rejected_rows,
        exact_duplicate_rows,
        declared_sums
    from records
)

select * from final
