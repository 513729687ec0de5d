-- Refunds that sources state, and return lines (negative product lines) as refunds on their own day. A return line
-- counts when its order was paid or is a document of returns only; a stated refund counts when its order was paid.
with

stated as (
    select
        refund.*,
        refund.source_system || ':' || refund.order_id as order_key
    from {{ ref('stg_refund') }} as refund
),

stated_refunds as (
    select
        stated.order_key,
        stated.order_id,
        'stated' as refund_kind,
        stated.refund_number,
        stated.line_number,
        stated.source_system,
        orders.source_customer_key,
        coalesce(orders.channel, '(none)') as channel,
        coalesce(orders.region, '(none)') as region,
        orders.employee_id,
        line.product_id,
        stated.refunded_at,
        stated.reason,
        cast(null as double) as quantity,
        coalesce(stated.currency, orders.currency) as currency,
        stated.amount,
        cast(null as decimal(18, 4)) as cost_reporting_amount,
        coalesce(orders.is_paid, false) as is_counted,
        {{ lineage_columns('stated') }}
    from stated
    left join {{ ref('int_orders__placed') }} as orders
        on stated.order_key = orders.order_key
    left join {{ ref('int_order_lines__priced') }} as line
        on
            stated.order_key = line.order_key
            and stated.line_number = line.line_number
),

return_lines as (
    select * from {{ ref('int_order_lines__priced') }}
    where is_return
),

mixed_documents as (
    select distinct lines.order_key
    from {{ ref('int_order_lines__priced') }} as lines
    inner join return_lines
        on lines.order_key = return_lines.order_key
    where not lines.is_negative and not lines.is_cancelled
),

returned as (
    select
        return_lines.order_key,
        return_lines.order_id,
        'return_line' as refund_kind,
        return_lines.line_number as refund_number,
        return_lines.line_number,
        return_lines.source_system,
        return_lines.source_customer_key,
        return_lines.channel,
        return_lines.region,
        return_lines.employee_id,
        return_lines.product_id,
        return_lines.ordered_at as refunded_at,
        cast(null as string) as reason,
        -return_lines.quantity as quantity,
        return_lines.currency,
        -return_lines.net_amount as amount,
        -return_lines.cost_reporting_amount as cost_reporting_amount,
        return_lines.is_paid or mixed_documents.order_key is null as is_counted,
        {{ lineage_columns('return_lines') }}
    from return_lines
    left join mixed_documents
        on return_lines.order_key = mixed_documents.order_key
),

refunds as (
    select * from stated_refunds
    union all
    select * from returned
),

dated as (
    select
        refunds.*,
        {{ reporting_date('refunds.refunded_at') }} as refunded_date
    from refunds
),

final as (
    select
        dated.order_key
        || ':'
        || dated.refund_kind
        || ':'
        || cast(dated.refund_number as string) as refund_key,
        dated.order_key,
        dated.order_id,
        dated.refund_kind,
        dated.refund_number,
        dated.line_number,
        dated.source_system,
        dated.source_customer_key,
        dated.channel,
        dated.region,
        dated.employee_id,
        dated.product_id,
        dated.refunded_at,
        dated.refunded_date,
        dated.reason,
        dated.quantity,
        dated.currency,
        dated.amount,
        {{ at_rate('dated.amount', exchange_rate('dated.currency')) }} as reporting_amount,
        dated.cost_reporting_amount,
        dated.is_counted,
        {{ lineage_columns('dated') }}
    from dated
    {{ exchange_rate_lookup('dated.currency', 'dated.refunded_date') }}
)

select * from final
