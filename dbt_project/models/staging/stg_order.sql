-- An order's head.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('order', key=['order_id'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        order_id,
        source_customer_key,
        opportunity_id,
        channel,
        region,
        country_code,
        province,
        city,
        division_code,
        employee_id,
        store_id,
        status,
        upper(trim(currency)) as currency,
        ordered_at,
        paid_at,
        cancelled_at,
        completed_at,
        item_amount,
        freight_amount,
        tax_amount,
        discount_amount,
        total_amount,
        discount_code,
        referrer,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
