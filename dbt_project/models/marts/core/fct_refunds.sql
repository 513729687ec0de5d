-- Grain: one row per refund: stated refunds and return lines. Revenue is reduced by the is_counted ones.
with

refunds as (
    select * from {{ ref('int_refunds__unified') }}
),

final as (
    select
        refund_key,
        order_key,
        order_id,
        refund_kind,
        refund_number,
        line_number,
        source_system,
        source_customer_key,
        channel,
        region,
        employee_id,
        product_id,
        refunded_at,
        refunded_date,
        reason,
        quantity,
        currency,
        amount,
        reporting_amount,
        is_counted,
        {{ lineage_columns('refunds') }}
    from refunds
)

select * from final
