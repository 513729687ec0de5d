-- Grain: one row per month and seller: the rate on revenue of the month and what it hangs on. Nothing is additive.
{% set scheme = commission_terms() %}
with

sales as (
    select
        month_start,
        employee_id,
        sum(revenue_amount) as sales_amount,
        sum(case when is_new_customer then revenue_amount end) as new_customer_amount
    from {{ ref('int_commission_sales') }}
    where event_kind <> 'refund'
    group by 1, 2
),

-- core customers of a seller at the month's start: those whom the seller owns
core_customers as (
    select
        core.month_start,
        coalesce(keyed.employee_id, customer.owner_employee_id) as employee_id,
        core.customer_id
    from {{ ref('int_core_customers__by_month') }} as core
    inner join {{ ref('dim_customer') }} as customer on core.customer_id = customer.customer_id
    {{ employee_lookup('customer.owner_employee_id', 'core.month_start', name='keyed') }}
    where customer.owner_employee_id is not null
),

bought as (
    select distinct
        {{ period_start('month', 'event.event_date') }} as month_start,
        {{ customer_id_column() }}
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}
    where event.event_kind <> 'refund'
),

repurchases as (
    select
        core_customers.month_start,
        core_customers.employee_id,
        count(*) as core_customer_count,
        count(bought.customer_id) as core_customers_bought
    from core_customers
    left join bought
        on core_customers.month_start = bought.month_start and core_customers.customer_id = bought.customer_id
    group by 1, 2
),

shares as (
    select
        sales.month_start,
        sales.employee_id,
        sales.sales_amount,
        cast(repurchases.core_customers_bought as double) / nullif(repurchases.core_customer_count, 0)
            as core_repurchase_share,
        coalesce(sales.new_customer_amount, 0) / nullif(sales.sales_amount, 0) as new_customer_share
    from sales
    left join repurchases
        on sales.month_start = repurchases.month_start and sales.employee_id = repurchases.employee_id
),

final as (
    select
        month_start,
        employee_id,
        sales_amount,
        core_repurchase_share,
        new_customer_share,
        cast({{ scheme['revenue_rate'] }} as double) as revenue_rate,
        case
            when core_repurchase_share > {{ var('commission_core_repurchase_limit') }}
                then {{ scheme['core_repurchase_rate'] }}
            else 0
        end as core_repurchase_rate,
        case
            when new_customer_share > {{ var('commission_new_customer_limit') }}
                then {{ scheme['new_customer_rate'] }}
            else 0
        end as new_customer_rate
    from shares
)

select * from final
