-- Grain: one row per order line, returns too. Add up is_sale lines by paid_date for what was sold, and fct_refunds by
-- refunded_date for what came back: never both signs from here.
with

lines as (
    select * from {{ ref('int_order_lines__priced') }}
),

refund_sums as (
    select
        order_key,
        line_number,
        sum(amount) as refunded_amount
    from {{ ref('int_refund_lines') }}
    where refund_kind = 'stated'
    group by order_key, line_number
),

final as (
    select
        lines.order_key,
        lines.order_id,
        lines.line_number,
        lines.source_system,
        lines.source_customer_key,
        lines.product_id,
        lines.product_line,
        lines.channel,
        lines.region,
        lines.region_code,
        lines.employee_id,
        lines.team,
        lines.store_id,
        lines.partner_id,
        lines.line_type,
        lines.status,
        lines.is_cancelled,
        lines.is_product_sale,
        lines.is_return,
        lines.is_paid,
        lines.is_sale,
        lines.ordered_at,
        lines.paid_at,
        lines.ordered_date,
        lines.paid_date,
        lines.quantity,
        lines.currency,
        lines.list_amount,
        lines.discount_amount,
        lines.net_amount,
        lines.freight_amount,
        lines.tax_amount,
        lines.cost_amount,
        lines.exchange_rate,
        lines.list_reporting_amount,
        lines.discount_reporting_amount,
        lines.net_reporting_amount,
        lines.cost_reporting_amount,
        {{ money('coalesce(refund_sums.refunded_amount, 0)') }} as refunded_amount,
        {{ lineage_columns('lines') }}
    from lines
    left join refund_sums
        on
            lines.order_key = refund_sums.order_key
            and lines.line_number = refund_sums.line_number
)

select * from final
