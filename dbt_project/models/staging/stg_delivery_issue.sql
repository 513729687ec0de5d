-- Findings about a delivery's part, counted by column and rule. As ingestion wrote it.
with

records as (
    select * from {{ lake('delivery_issue') }}
),

final as (
    select
        delivery_seq,
        part,
        column_name,
        reason,
        effect,
        row_count
    from records
)

select * from final
