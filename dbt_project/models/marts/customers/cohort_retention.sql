{#
    Grain: one row per cohort (month of the first paid order) and month number after it (0 the first month), up to the
    month of the build's day. Revenue and orders add up; customers active in several months do not.
#}
with orders as (

    select
        customer_id,
        {{ period_start('month', 'paid_date') }} as order_month,
        count(*) as order_count,
        sum(order_reporting_amount) as order_reporting_amount
    from {{ ref('int_paid_orders__by_customer') }}
    group by 1, 2

),

placed as (

    select
        *,
        min(order_month) over (partition by customer_id) as cohort_month
    from orders

),

cohorts as (

    select
        cohort_month,
        count(distinct customer_id) as customer_count
    from placed
    group by 1

),

months as (

    select distinct month_start_date as order_month
    from {{ ref('dim_date') }}
    where date_day <= {{ as_of_date() }}

),

activity as (

    select
        cohort_month,
        order_month,
        count(*) as active_customer_count,
        sum(order_count) as order_count,
        sum(order_reporting_amount) as order_reporting_amount
    from placed
    group by 1, 2

)

select
    cohorts.cohort_month,
    {{ integer(
        "(extract(year from months.order_month) - extract(year from cohorts.cohort_month)) * 12"
        ~ " + extract(month from months.order_month) - extract(month from cohorts.cohort_month)"
    ) }} as month_number,
    months.order_month,
    {{ integer('cohorts.customer_count') }} as customer_count,
    {{ integer('coalesce(activity.active_customer_count, 0)') }} as active_customer_count,
    coalesce(activity.active_customer_count, 0) / cast(cohorts.customer_count as double) as retention_rate,
    {{ integer('coalesce(activity.order_count, 0)') }} as order_count,
    {{ money('coalesce(activity.order_reporting_amount, 0)') }} as order_reporting_amount
from cohorts
inner join months on cohorts.cohort_month <= months.order_month
left join activity on cohorts.cohort_month = activity.cohort_month and months.order_month = activity.order_month
