{#
    Grain: one row per month and store. Revenue, orders and visitors are additive; floor area, sales per square metre,
    customers and their penetration are not.
#}
with days as (

    select
        *,
        {{ period_start('month', 'store_date') }} as month_start_date
    from {{ ref('store_days') }}
    where is_open

),

months as (

    select
        month_start_date,
        store_id,
        count(*) as open_days,
        max(store_date) as last_date,
        avg(floor_area) as floor_area,
        sum(revenue_reporting_amount) as revenue_reporting_amount,
        sum(gross_profit_reporting_amount) as gross_profit_reporting_amount,
        sum(quantity) as quantity,
        sum(order_count) as order_count,
        sum(visitors) as visitors,
        sum(case when visitors is not null then order_count end) as counted_order_count
    from days
    group by 1, 2

),

customer_days as (

    select distinct
        event.store_id,
        event.event_date,
        {{ customer_id_column() }}
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}
    where event.store_id is not null and event.event_kind in ('sale', 'order')

),

customers as (

    select
        months.month_start_date,
        months.store_id,
        count(distinct customer_days.customer_id) as customer_count
    from months
    inner join customer_days
        on
            months.store_id = customer_days.store_id
            and months.last_date >= customer_days.event_date
            and {{ add_months('months.last_date', -(var('trailing_months') | int)) }} < customer_days.event_date
    group by 1, 2

),

-- the benchmark of the store itself, else the one of all stores; by day it would be the mean of its period
benchmarks as (

    select
        months.month_start_date,
        months.store_id,
        coalesce(
            max(case when benchmark.member = months.store_id then benchmark.benchmark_value end),
            max(case when benchmark.member is null then benchmark.benchmark_value end)
        ) as benchmark_value
    from months
    inner join {{ ref('stg_benchmark') }} as benchmark
        on
            benchmark.kpi_id = 'store_sales_per_square_metre'
            and (benchmark.member is null or months.store_id = benchmark.member)
            and months.last_date between benchmark.period_start and benchmark.period_end
    group by 1, 2

),

measured as (

    select
        months.*,
        store.store_name,
        store.region,
        store.city,
        store.reach_kilometres,
        store.people_within_reach,
        coalesce(customers.customer_count, 0) as customer_count,
        benchmarks.benchmark_value,
        months.revenue_reporting_amount / nullif(months.floor_area, 0) as sales_per_square_metre
    from months
    left join {{ ref('dim_store') }} as store on months.store_id = store.store_id
    left join customers
        on months.store_id = customers.store_id and months.month_start_date = customers.month_start_date
    left join benchmarks
        on months.store_id = benchmarks.store_id and months.month_start_date = benchmarks.month_start_date

)

select
    month_start_date,
    store_id,
    store_name,
    coalesce(region, '(none)') as region,
    city,
    {{ integer('open_days') }} as open_days,
    cast(floor_area as double) as floor_area,
    {{ money('revenue_reporting_amount') }} as revenue_reporting_amount,
    {{ money('gross_profit_reporting_amount') }} as gross_profit_reporting_amount,
    cast(quantity as double) as quantity,
    {{ integer('order_count') }} as order_count,
    {{ integer('visitors') }} as visitors,
    cast(counted_order_count as double) / nullif(visitors, 0) as visit_conversion_rate,
    cast(sales_per_square_metre as double) as sales_per_square_metre,
    benchmark_value as benchmark_sales_per_square_metre,
    sales_per_square_metre / nullif(benchmark_value, 0) - 1 as benchmark_gap,
    coalesce(
        sales_per_square_metre < (1 - {{ var('store_benchmark_gap') }}) * benchmark_value, false
    ) as is_below_benchmark,
    reach_kilometres,
    people_within_reach,
    {{ integer('customer_count') }} as customer_count,
    cast(customer_count as double) / nullif(people_within_reach, 0) as penetration
from measured
