-- Records of a delivery by unit of supersession; appended with the lake's parts, not replaced. As ingestion wrote it.
with

records as (
    select * from {{ lake('delivery_unit') }}
),

final as (
    select
        contract,
        delivery_seq,
        part,
        unit,
        version_at,
        tie,
        record_count
    from records
)

select * from final
