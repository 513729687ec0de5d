{#
    Grain: one row per one-off sale and product line: an order or deal above a multiple of a high percentile of the values
    of its product line, or a deal flagged as one. Such sales say nothing about season and trend: plans and forecasts are
    made without them.
#}
with sale_values as (

    select
        product_line,
        coalesce(order_key, opportunity_key) as sale_key,
        min(region) as region,
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
    from sale_values
    group by 1

),

flagged as (

    select distinct source_system || ':' || opportunity_id as sale_key
    from {{ ref('stg_opportunity') }}
    where is_one_off

)

select
    sale_values.product_line,
    sale_values.sale_key,
    sale_values.region,
    {{ period_start('month', 'sale_values.sale_date') }} as month_start,
    {{ money('sale_values.sale_reporting_amount') }} as sale_reporting_amount,
    flagged.sale_key is not null as is_flagged
from sale_values
left join limits on sale_values.product_line is not distinct from limits.product_line
left join flagged on sale_values.sale_key = flagged.sale_key
where sale_values.sale_reporting_amount > limits.limit_amount or flagged.sale_key is not null
