-- Grain: one row per payment, also of orders that were not delivered.
with

payments as (
    select
        payment.*,
        payment.source_system || ':' || payment.order_id as order_key
    from {{ ref('stg_payment') }} as payment
),

joined as (
    select
        payments.*,
        orders.source_customer_key,
        orders.order_key is not null as is_order_known,
        coalesce(orders.channel, '(none)') as channel,
        coalesce(payments.paid_at, orders.paid_at) as payment_at,
        coalesce(payments.currency, orders.currency) as payment_currency
    from payments
    left join {{ ref('int_orders__placed') }} as orders
        on payments.order_key = orders.order_key
),

dated as (
    select
        joined.*,
        {{ reporting_date('joined.payment_at') }} as paid_date
    from joined
),

final as (
    select
        dated.order_key,
        dated.order_id,
        dated.payment_number,
        dated.source_system,
        dated.source_customer_key,
        dated.method,
        dated.installments,
        dated.payment_at as paid_at,
        dated.paid_date,
        dated.amount,
        dated.payment_currency as currency,
        {{ at_rate('dated.amount', exchange_rate('dated.payment_currency')) }} as reporting_amount,
        dated.channel,
        dated.is_order_known,
        {{ lineage_columns('dated') }}
    from dated
    {{ exchange_rate_lookup('dated.payment_currency', 'dated.paid_date') }}
)

select * from final
