-- The source's word for a category and its label.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('product_category', key=['category_key']) }}
),

final as (
    select
        source_system,
        category_key,
        category_name,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
