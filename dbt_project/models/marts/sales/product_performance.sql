{#
    Grain: one row per month and product with sales or refunds. Amounts and units are additive; orders and customers are
    distinct counts of the row and add up over nothing; stock is the last count of the month.
#}
with events as (

    select
        event.*,
        {{ customer_id_column() }},
        {{ period_start('month', 'event.event_date') }} as month_start_date
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}
    where event.product_id is not null

),

months as (

    select
        month_start_date,
        product_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount,
        sum(gross_profit_reporting_amount) as gross_profit_reporting_amount,
        sum(known_cost_revenue_reporting_amount) as known_cost_revenue_reporting_amount,
        sum(list_reporting_amount) as list_reporting_amount,
        sum(discount_reporting_amount) as discount_reporting_amount,
        sum(refunded_reporting_amount) as refunded_reporting_amount,
        sum(case when event_kind = 'sale' then quantity else 0 end) as quantity,
        count(distinct case when event_kind = 'sale' then order_key end) as order_count,
        count(distinct case when event_kind = 'sale' then customer_id end) as customer_count
    from events
    group by 1, 2

),

last_counts as (

    select
        {{ period_start('month', 'stock_date') }} as month_start_date,
        product_id,
        max(stock_date) as stock_date
    from {{ ref('fct_stock') }}
    group by 1, 2

),

stock as (

    select
        last_counts.month_start_date,
        last_counts.product_id,
        sum(stock.quantity) as stock_quantity,
        sum(stock.stock_reporting_value) as stock_reporting_value
    from last_counts
    inner join {{ ref('fct_stock') }} as stock
        on last_counts.product_id = stock.product_id and last_counts.stock_date = stock.stock_date
    group by 1, 2

),

described as (

    select
        months.*,
        product.product_name,
        coalesce(product.product_line, '(none)') as product_line,
        coalesce(product.product_type, '(none)') as product_type,
        product.life_cycle_stage,
        coalesce(product.is_high_margin, false) as is_high_margin,
        coalesce(product.is_star, false) as is_star,
        product.launch_date,
        stock.stock_quantity,
        stock.stock_reporting_value,
        {{ add_months('product.launch_date', var('new_product_months') | int) }} as new_until_date
    from months
    left join {{ ref('dim_product') }} as product on months.product_id = product.product_id
    left join stock
        on months.product_id = stock.product_id and months.month_start_date = stock.month_start_date

)

select
    month_start_date,
    product_id,
    product_name,
    product_line,
    product_type,
    life_cycle_stage,
    is_high_margin,
    is_star,
    launch_date,
    coalesce(month_start_date < new_until_date, false) as is_new,
    {{ integer(
        "(extract(year from month_start_date) - extract(year from launch_date)) * 12"
        ~ " + extract(month from month_start_date) - extract(month from launch_date)"
    ) }} as months_since_launch,
    {{ money('coalesce(revenue_reporting_amount, 0)') }} as revenue_reporting_amount,
    {{ money(
        'sum(coalesce(revenue_reporting_amount, 0)) over ('
        ~ 'partition by product_id order by month_start_date rows unbounded preceding)'
    ) }} as revenue_to_date_reporting_amount,
    {{ money('gross_profit_reporting_amount') }} as gross_profit_reporting_amount,
    {{ money('known_cost_revenue_reporting_amount') }} as known_cost_revenue_reporting_amount,
    {{ money('coalesce(list_reporting_amount, 0)') }} as list_reporting_amount,
    {{ money('coalesce(discount_reporting_amount, 0)') }} as discount_reporting_amount,
    {{ money('coalesce(refunded_reporting_amount, 0)') }} as refunded_reporting_amount,
    coalesce(quantity, 0.0) as quantity,
    {{ integer('order_count') }} as order_count,
    {{ integer('customer_count') }} as customer_count,
    stock_quantity,
    {{ money('stock_reporting_value') }} as stock_reporting_value
from described
