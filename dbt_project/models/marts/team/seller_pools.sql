{#
    Grain: one row per month and seller, and one for the month after a seller left. Customers in a pool are additive over
    sellers, not over months; small_pool_change adds up to the number of small pools at a month's end.
    A customer is in the pool of the seller who owns it now, since the month it was first seen.
#}
with customers as (

    select
        owner_employee_id,
        {{ period_start('month', 'first_seen_date') }} as month_start,
        count(*) as customer_count
    from {{ ref('dim_customer') }}
    where owner_employee_id is not null
    group by 1, 2

),

owned as (

    select
        coalesce(keyed.employee_id, customers.owner_employee_id) as employee_id,
        customers.month_start,
        sum(customers.customer_count) as customer_count
    from customers
    {{ employee_lookup('customers.owner_employee_id', as_of_date(), name='keyed') }}
    group by 1, 2

),

seller_months as (

    select
        {{ period_start('month', 'staff_date') }} as month_start,
        employee_id,
        max(staff_date) as last_date,
        {{ first_stated('team', 'staff_date') }} as team,
        {{ first_stated('region', 'staff_date') }} as region
    from {{ ref('staff_days') }}
    where is_seller
    group by 1, 2

),

pools as (

    select
        seller_months.month_start,
        seller_months.employee_id,
        seller_months.last_date,
        seller_months.team,
        seller_months.region,
        coalesce(sum(owned.customer_count), 0) as customer_count
    from seller_months
    left join owned
        on seller_months.employee_id = owned.employee_id and seller_months.month_start >= owned.month_start
    group by 1, 2, 3, 4, 5

),

compared as (

    select
        pools.*,
        cast(avg(customer_count) over (partition by month_start, team) as double) as team_mean,
        row_number() over (partition by employee_id order by month_start desc) as months_from_last
    from pools

),

judged as (

    select
        month_start,
        employee_id,
        team,
        region,
        customer_count,
        team_mean,
        customer_count < (1 - {{ var('small_pool_deviation') }}) * team_mean as is_small
    from compared

    union all

    select
        {{ add_months('compared.month_start', 1) }} as month_start,
        compared.employee_id,
        compared.team,
        compared.region,
        0 as customer_count,
        cast(null as double) as team_mean,
        false as is_small
    from compared
    where
        compared.months_from_last = 1
        and {{ add_months('compared.month_start', 1) }} <= {{ as_of_date() }}

)

select
    month_start,
    employee_id,
    team,
    region,
    {{ integer('customer_count') }} as customer_count,
    team_mean,
    is_small,
    {{ integer(
        'case when is_small then 1 else 0 end - coalesce(lag(case when is_small then 1 else 0 end) over '
        ~ '(partition by employee_id order by month_start), 0)'
    ) }} as small_pool_change
from judged
