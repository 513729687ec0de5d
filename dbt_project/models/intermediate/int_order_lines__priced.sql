-- Order lines with their part of the order's discount, their cost, and reporting amounts at the rate of the order's
-- day. The order's discount is spread over its product lines that are no returns, by net amount; differences of rounded
-- running sums make the parts add up to the discount exactly.
with

lines as (
    select
        line.*,
        line.source_system || ':' || line.order_id as order_key,
        coalesce(line.line_type, 'product') as kind_of_line,
        coalesce(line.line_type, 'product') in ('product', 'service') as is_product_sale,
        coalesce(line.is_cancelled, false) as is_cancelled_line,
        coalesce(line.quantity < 0, false) or coalesce(line.net_amount < 0, false) as is_negative
    from {{ ref('stg_order_line') }} as line
),

-- the lines of discounted orders, read anew: what is referenced twice is materialised as a whole
discounted as (
    select
        orders.order_key,
        line.line_number,
        orders.discount_amount,
        sum(line.net_amount) over (
            partition by orders.order_key order by line.line_number rows unbounded preceding
        ) as running_amount,
        line.net_amount,
        sum(line.net_amount) over (partition by orders.order_key) as order_amount
    from {{ ref('stg_order_line') }} as line
    inner join {{ ref('int_orders__placed') }} as orders
        on line.source_system || ':' || line.order_id = orders.order_key
    where
        orders.discount_amount <> 0
        and coalesce(line.line_type, 'product') in ('product', 'service')
        and not coalesce(line.is_cancelled, false)
        and not coalesce(line.quantity < 0, false)
        and line.net_amount > 0
),

order_discounts as (
    select
        order_key,
        line_number,
        {{ money(spread('discount_amount', 'running_amount', 'net_amount', 'order_amount')) }} as discount_amount
    from discounted
),

joined as (
    select
        lines.*,
        orders.order_key is not null as is_order_known,
        orders.source_customer_key,
        coalesce(orders.channel, '(none)') as channel,
        coalesce(orders.region, '(none)') as region,
        coalesce(orders.region_code, '(none)') as region_code,
        orders.employee_id,
        orders.team,
        orders.store_id,
        orders.status,
        coalesce(orders.is_paid, false) as is_paid,
        coalesce(lines.lined_at, orders.ordered_at) as ordered_at,
        orders.paid_at,
        orders.paid_date,
        coalesce(lines.currency, orders.currency) as line_currency,
        coalesce(orders.rate_date, {{ reporting_date('lines.lined_at') }}) as rate_date,
        coalesce(order_discounts.discount_amount, 0) as order_discount_amount,
        product.unit_cost,
        product.currency as cost_currency,
        coalesce(product.product_line, '(none)') as product_line
    from lines
    left join {{ ref('int_orders__placed') }} as orders
        on lines.order_key = orders.order_key
    left join order_discounts
        on
            lines.order_key = order_discounts.order_key
            and lines.line_number = order_discounts.line_number
    left join {{ ref('int_products__unified') }} as product
        on lines.product_id = product.product_id
),

rated as (
    select
        joined.*,
        {{ exchange_rate('joined.line_currency') }} as line_rate,
        {{ exchange_rate('joined.cost_currency', name='cost_exchange') }} as cost_rate
    from joined
    {{ exchange_rate_lookup('joined.line_currency', 'joined.rate_date') }}
    {{ exchange_rate_lookup('joined.cost_currency', 'joined.rate_date', name='cost_exchange') }}
),

amounts as (
    select
        rated.*,
        {{ money(
            'coalesce(rated.unit_price * rated.quantity, rated.net_amount + coalesce(rated.discount_amount, 0))'
        ) }} as line_list_amount,
        {{ money('coalesce(rated.discount_amount, 0) + rated.order_discount_amount') }} as line_discount_amount,
        {{ money('rated.net_amount - rated.order_discount_amount') }} as line_net_amount,
        case
            when rated.cost_amount is not null then rated.cost_amount
            when not rated.is_product_sale then null
            when coalesce(rated.cost_currency, rated.line_currency) = rated.line_currency
                then {{ money('rated.unit_cost * rated.quantity') }}
            else {{ money('rated.unit_cost * rated.quantity * rated.cost_rate / rated.line_rate') }}
        end as line_cost_amount
    from rated
),

final as (
    select
        order_key,
        order_id,
        line_number,
        source_system,
        source_customer_key,
        product_id,
        product_line,
        channel,
        region,
        region_code,
        employee_id,
        team,
        store_id,
        partner_id,
        kind_of_line as line_type,
        status,
        is_order_known,
        is_cancelled_line as is_cancelled,
        is_product_sale,
        is_negative,
        is_product_sale and is_negative as is_return,
        is_paid,
        is_product_sale and is_paid and not is_negative and not is_cancelled_line as is_sale,
        ordered_at,
        paid_at,
        {{ reporting_date('ordered_at') }} as ordered_date,
        paid_date,
        quantity,
        line_currency as currency,
        line_list_amount as list_amount,
        line_discount_amount as discount_amount,
        line_net_amount as net_amount,
        freight_amount,
        tax_amount,
        line_cost_amount as cost_amount,
        line_rate as exchange_rate,
        {{ at_rate('line_list_amount', 'line_rate') }} as list_reporting_amount,
        {{ at_rate('line_discount_amount', 'line_rate') }} as discount_reporting_amount,
        {{ at_rate('line_net_amount', 'line_rate') }} as net_reporting_amount,
        {{ at_rate('line_cost_amount', 'line_rate') }} as cost_reporting_amount,
        {{ lineage_columns('amounts') }}
    from amounts
)

select * from final
