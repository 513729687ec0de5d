{#
    Grain: one row per month with one-off revenue: of orders and deals above a multiple of a high percentile of the
    values of their product line. Such orders say nothing about the season, so plans are made without them.
#}
with order_values as (

    select
        product_line,
        coalesce(order_key, opportunity_key) as sale_key,
        min(event_date) as sale_date,
        sum(revenue_reporting_amount) as sale_reporting_amount
    from {{ ref('revenue_events') }}
    where event_kind in ('sale', 'deal') and revenue_reporting_amount is not null
    group by 1, 2

),

limits as (

    select
        product_line,
        {{ var('one_off_order_multiple') }}
        * percentile_cont({{ var('one_off_order_percentile') }}) within group (order by sale_reporting_amount)
            as limit_amount
    from order_values
    group by 1

)

select
    {{ period_start('month', 'order_values.sale_date') }} as month_start,
    {{ money('sum(order_values.sale_reporting_amount)') }} as one_off_reporting_amount
from order_values
inner join limits on order_values.product_line = limits.product_line
where order_values.sale_reporting_amount > limits.limit_amount
group by 1
