{#
    Grain: one row per competitor's price observed for a product that an own one is matched to, with the own net price of
    the same month (and region where the observation names one). Prices are not additive: the index is sum over sum.
    Money in the reporting currency.
#}
with lines as (

    select
        {{ period_start('month', 'paid_date') }} as month_start,
        product_id,
        region,
        sum(net_reporting_amount) as net_amount,
        sum(quantity) as quantity
    from {{ ref('fct_order_lines') }}
    where is_sale and paid_date is not null and quantity > 0 and net_reporting_amount is not null
    group by 1, 2, 3

),

own as (

    select
        month_start,
        product_id,
        region,
        cast(net_amount as double) / nullif(quantity, 0) as own_net_price
    from lines

    union all

    select
        month_start,
        product_id,
        '(all)' as region,
        cast(sum(net_amount) as double) / nullif(sum(quantity), 0) as own_net_price
    from lines
    group by 1, 2

)

select
    price.observed_date,
    price.brand,
    price.product_name,
    price.matched_product_id,
    price.product_line,
    price.region,
    price.platform,
    price.price_band,
    cast(price.net_reporting_price as double) as competitor_net_price,
    own.own_net_price,
    own.own_net_price / nullif(cast(price.net_reporting_price as double), 0) as price_index
from {{ ref('fct_competitor_prices') }} as price
left join own
    on
        {{ period_start('month', 'price.observed_date') }} = own.month_start
        and price.matched_product_id = own.product_id
        and price.region = own.region
where price.observed_date is not null and price.matched_product_id is not null
