-- Grain: one row per order, orders without lines too. Rates are not additive; amounts in different currencies are not.
{% set sold = 'is_product_sale and not is_negative and not is_cancelled' %}
with

orders as (
    select * from {{ ref('int_orders__placed') }}
),

line_sums as (
    select
        order_key,
        count(*) as line_count,
        sum(case when {{ sold }} then 1 else 0 end) as product_line_count,
        sum(case when is_negative or is_cancelled then 1 else 0 end) as return_line_count,
        sum(case when {{ sold }} then quantity else 0 end) as quantity,
        sum(case when {{ sold }} then list_amount else 0 end) as list_amount,
        sum(case when {{ sold }} then discount_amount else 0 end) as discount_amount,
        sum(case when {{ sold }} then net_amount else 0 end) as net_amount,
        sum(case when {{ sold }} then net_reporting_amount end) as net_reporting_amount,
        sum(case when line_type = 'freight' then coalesce(freight_amount, net_amount) else freight_amount end)
            as freight_amount,
        sum(tax_amount) as tax_amount
    from {{ ref('int_order_lines__priced') }}
    group by order_key
),

refund_sums as (
    select
        order_key,
        sum(amount) as refunded_amount,
        sum(reporting_amount) as refunded_reporting_amount
    from {{ ref('int_refunds__unified') }}
    group by order_key
),

joined as (
    select
        orders.*,
        coalesce(line_sums.line_count, 0) as line_count,
        coalesce(line_sums.product_line_count, 0) as product_line_count,
        coalesce(line_sums.line_count = line_sums.return_line_count, false) as is_return_document,
        coalesce(line_sums.quantity, 0) as quantity,
        line_sums.list_amount,
        line_sums.net_amount as lines_net_amount,
        line_sums.net_reporting_amount as lines_net_reporting_amount,
        line_sums.discount_amount as lines_discount_amount,
        line_sums.freight_amount as lines_freight_amount,
        line_sums.tax_amount as lines_tax_amount,
        refund_sums.refunded_amount,
        refund_sums.refunded_reporting_amount
    from orders
    left join line_sums
        on orders.order_key = line_sums.order_key
    left join refund_sums
        on orders.order_key = refund_sums.order_key
),

final as (
    select
        order_key,
        order_id,
        source_system,
        source_customer_key,
        opportunity_id,
        channel,
        region,
        region_code,
        city,
        employee_id,
        team,
        store_id,
        status,
        marketing_channel,
        discount_code,
        ordered_at,
        paid_at,
        cancelled_at,
        completed_at,
        ordered_date,
        paid_date,
        is_paid,
        is_return_document,
        is_paid and not is_return_document and (line_count = 0 or product_line_count > 0) as is_paid_order,
        {{ integer('line_count') }} as line_count,
        quantity,
        currency,
        exchange_rate,
        {{ money('case when line_count > 0 then list_amount else item_amount end') }} as list_amount,
        {{ money('case when line_count > 0 then lines_discount_amount else discount_amount end') }} as discount_amount,
        {{ money('case when line_count > 0 then lines_net_amount else item_amount end') }} as net_amount,
        case
            when line_count > 0 and product_line_count = 0 then 0
            when line_count > 0 then {{ money('lines_net_reporting_amount') }}
            else {{ at_rate('item_amount', 'exchange_rate') }}
        end as net_reporting_amount,
        {{ money('coalesce(lines_freight_amount, freight_amount)') }} as freight_amount,
        {{ money('coalesce(lines_tax_amount, tax_amount)') }} as tax_amount,
        total_amount,
        {{ money('coalesce(refunded_amount, 0)') }} as refunded_amount,
        {{ money('refunded_reporting_amount') }} as refunded_reporting_amount,
        updated_at,
        {{ lineage_columns('joined') }}
    from joined
)

select * from final
