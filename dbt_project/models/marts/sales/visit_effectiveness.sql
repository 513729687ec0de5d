{#
    Grain: one row per month, employee, customer tier and frequency band (visits of the customer in the trailing months).
    Visits count for who made them, deals for their owner, customers and revenue for who cares for the customer. All
    columns but win_rate are additive over employees, tiers and bands; customers are not additive over months.
#}
with visits as (

    select
        visit.visit_date,
        visit.employee_id,
        visit.customer_tier,
        {{ customer_id_column() }}
    from {{ ref('customer_visits') }} as visit
    {{ customer_id_lookup('visit') }}
    where visit.visit_date <= {{ as_of_date() }}

),

deals as (

    select
        deal.closed_date,
        deal.employee_id,
        deal.is_won,
        {{ customer_id_column() }}
    from {{ ref('fct_opportunities') }} as deal
    {{ customer_id_lookup('deal') }}
    where deal.is_closed and deal.closed_date <= {{ as_of_date() }}

),

counted as (

    select
        {{ period_start('month', 'visit_date') }} as month_start,
        customer_id,
        employee_id,
        1 as visit_count,
        0 as closed_deal_count,
        0 as won_deal_count
    from visits

    union all

    select
        {{ period_start('month', 'closed_date') }} as month_start,
        customer_id,
        {{ member('employee_id') }} as employee_id,
        0 as visit_count,
        1 as closed_deal_count,
        case when is_won then 1 else 0 end as won_deal_count
    from deals

),

revenue as (

    select
        {{ period_start('month', 'event_date') }} as month_start,
        customer_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from {{ ref('int_revenue__by_customer') }}
    group by 1, 2

),

rows_by_customer as (

    select
        counted.month_start,
        counted.employee_id,
        coalesce(band.customer_tier, '(none)') as customer_tier,
        coalesce(band.visit_band, '(none)') as visit_band,
        counted.visit_count,
        counted.closed_deal_count,
        counted.won_deal_count,
        0 as customer_count,
        0 as overdue_customer_count,
        0 as revenue_reporting_amount
    from counted
    left join {{ ref('int_visit_bands') }} as band
        on counted.month_start = band.month_start and counted.customer_id = band.customer_id

    union all

    select
        band.month_start,
        band.employee_id,
        band.customer_tier,
        band.visit_band,
        0 as visit_count,
        0 as closed_deal_count,
        0 as won_deal_count,
        1 as customer_count,
        case when coverage.is_visit_overdue then 1 else 0 end as overdue_customer_count,
        coalesce(revenue.revenue_reporting_amount, 0) as revenue_reporting_amount
    from {{ ref('int_visit_bands') }} as band
    left join revenue on band.month_start = revenue.month_start and band.customer_id = revenue.customer_id
    left join {{ ref('customer_coverage') }} as coverage
        on band.month_start = coverage.month_start and band.customer_id = coverage.customer_id

)

select
    month_start,
    employee_id,
    customer_tier,
    visit_band,
    {{ integer('sum(customer_count)') }} as customer_count,
    {{ integer('sum(visit_count)') }} as visit_count,
    {{ integer('sum(closed_deal_count)') }} as closed_deal_count,
    {{ integer('sum(won_deal_count)') }} as won_deal_count,
    cast(sum(won_deal_count) as double) / nullif(sum(closed_deal_count), 0) as win_rate,
    {{ money('sum(revenue_reporting_amount)') }} as revenue_reporting_amount,
    {{ integer('sum(overdue_customer_count)') }} as overdue_customer_count
from rows_by_customer
group by 1, 2, 3, 4
