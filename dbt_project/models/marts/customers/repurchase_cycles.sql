{#
    Grain: one row per customer with two paid orders or more and product line ((all) for the customer as a whole).
    Medians and dates do not add up; orders of (all) count once what the lines may count several times.
#}
with measured as (

    select
        customer_id,
        coalesce(product_line, '(all)') as product_line,
        count(*) + 1 as order_count,
        median(gap_days) as median_cycle_days,
        avg(cast(gap_days as double)) as mean_cycle_days,
        min(gap_days) as shortest_cycle_days,
        max(gap_days) as longest_cycle_days,
        min(earlier_paid_date) as first_order_date,
        max(paid_date) as last_order_date,
        min(region) as region,
        min(industry) as industry,
        min(customer_tier) as customer_tier
    from {{ ref('repurchase_gaps') }}
    group by 1, 2

)

select
    customer_id,
    product_line,
    region,
    industry,
    customer_tier,
    {{ integer('order_count') }} as order_count,
    median_cycle_days,
    mean_cycle_days,
    {{ integer('shortest_cycle_days') }} as shortest_cycle_days,
    {{ integer('longest_cycle_days') }} as longest_cycle_days,
    first_order_date,
    last_order_date,
    {{ integer(days_between('last_order_date', as_of_date())) }} as days_since_last_order,
    case when order_count >= {{ var('at_risk_minimum_orders') }} and median_cycle_days > 0
            then {{ add_days('last_order_date', 'round(median_cycle_days)') }}
    end as expected_next_order_date,
    {{ days_between('last_order_date', as_of_date()) }} / nullif(median_cycle_days, 0) as cycles_since_last_order
from measured
