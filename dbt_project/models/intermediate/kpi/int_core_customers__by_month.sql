{#
    Grain: one row per month and customer who was RFM core at its start (the state at the end of the month before).
    Only customers with a recent order can be core, so only those are looked at.
#}
with customer_months as (

    select
        customer_id,
        {{ period_start('month', 'paid_date') }} as order_month,
        count(*) as order_count,
        sum(order_reporting_amount) as order_reporting_amount,
        max(paid_date) as last_paid_date
    from {{ ref('int_paid_orders__by_customer') }}
    group by 1, 2

),

months as (

    select distinct month_start_date as month_start
    from {{ ref('dim_date') }}
    where date_day <= {{ as_of_date() }}

),

month_totals as (

    select
        order_month,
        sum(order_count) as order_count,
        sum(order_reporting_amount) as order_reporting_amount
    from customer_months
    group by 1

),

all_customers as (

    select
        months.month_start,
        sum(month_totals.order_reporting_amount) / sum(month_totals.order_count) as mean_order_reporting_amount
    from months
    inner join month_totals
        on
            months.month_start > month_totals.order_month
            and {{ add_months('months.month_start', -(var('trailing_months') | int)) }} <= month_totals.order_month
    group by 1

),

-- an order within the recency limit lies in the month before or, by a few days, in the one before that
recent as (

    select {{ add_months('order_month', 1) }} as month_start, customer_id, last_paid_date from customer_months
    union all
    select {{ add_months('order_month', 2) }} as month_start, customer_id, last_paid_date from customer_months

),

candidates as (

    select
        month_start,
        customer_id
    from recent
    where {{ days_between('last_paid_date', add_days('month_start', -1)) }} <= {{ var('rfm_core_recency_days') }}
    group by 1, 2

),

trailing_orders as (

    select
        candidates.month_start,
        candidates.customer_id,
        sum(customer_months.order_count) as order_count,
        sum(customer_months.order_reporting_amount) as order_reporting_amount
    from candidates
    inner join customer_months
        on
            candidates.customer_id = customer_months.customer_id
            and candidates.month_start > customer_months.order_month
            and {{ add_months('candidates.month_start', -(var('trailing_months') | int)) }}
            <= customer_months.order_month
    group by 1, 2

)

select
    trailing_orders.month_start,
    trailing_orders.customer_id
from trailing_orders
inner join all_customers on trailing_orders.month_start = all_customers.month_start
where
    trailing_orders.order_count >= {{ var('rfm_core_frequency') }}
    and trailing_orders.order_reporting_amount / trailing_orders.order_count
    >= {{ var('rfm_core_monetary_ratio') }} * all_customers.mean_order_reporting_amount
