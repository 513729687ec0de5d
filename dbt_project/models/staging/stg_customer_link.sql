-- Which resolved customer each source customer record belongs to; written by identity. As ingestion wrote it.
with

records as (
    select * from {{ lake('customer_link') }}
),

final as (
    select
        source_system,
        source_customer_key,
        customer_id,
        since_delivery_seq,
        rule,
        probability
    from records
)

select * from final
