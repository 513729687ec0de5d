{#
    Grain: one row per business customer and month since it is known: how often it was visited in the trailing months, who
    cares for it, its tier. Business customers have an owner, were visited, or had a deal.
#}
{% set months_of_band = var('visit_band_months') | int %}
with business_customers as (

    select distinct customer_id
    from (
        select customer_id
        from {{ ref('dim_customer') }}
        where owner_employee_id is not null

        union all

        select customer_id
        from {{ ref('int_customer_contacts') }}
        where has_visit

        union all

        select {{ customer_id_column() }}
        from {{ ref('fct_opportunities') }} as deal
        {{ customer_id_lookup('deal') }}
        where {{ customer_id_column() }} is not null
    ) as named

),

visits as (

    select
        customer_id,
        {{ period_start('month', 'contact_date') }} as visit_month,
        sum(visit_count) as visit_count,
        {{ first_stated('visitor_id', days_between('contact_date', as_of_date())) }}
            as visitor_id
    from {{ ref('int_customer_contacts') }}
    where has_visit
    group by 1, 2

),

first_contacts as (

    select
        customer_id,
        min(contact_date) as first_contact_date
    from {{ ref('int_customer_contacts') }}
    group by 1

),

months as (

    select
        month_start_date as month_start,
        least(max(date_day), {{ as_of_date() }}) as month_end
    from {{ ref('dim_date') }}
    where month_start_date <= {{ as_of_date() }}
    group by 1

),

customer_months as (

    select
        months.month_start,
        months.month_end,
        business_customers.customer_id,
        customer.owner_employee_id,
        coalesce(customer.region, '(none)') as region
    from business_customers
    left join {{ ref('dim_customer') }} as customer on business_customers.customer_id = customer.customer_id
    left join first_contacts on business_customers.customer_id = first_contacts.customer_id
    inner join months
        on
            months.month_end >= least(
                coalesce(customer.first_seen_date, first_contacts.first_contact_date),
                coalesce(first_contacts.first_contact_date, customer.first_seen_date)
            )

),

visited as (

    select
        customer_months.month_start,
        customer_months.customer_id,
        sum(visits.visit_count) as visit_count,
        {{ first_stated('visits.visitor_id', days_between('visits.visit_month', as_of_date())) }}
            as visitor_id
    from customer_months
    inner join visits
        on
            customer_months.customer_id = visits.customer_id
            and customer_months.month_start >= visits.visit_month
            and {{ add_months('customer_months.month_start', 1 - months_of_band) }} <= visits.visit_month
    group by 1, 2

)

select
    customer_months.month_start,
    customer_months.customer_id,
    customer_months.region,
    {{ member('coalesce(visited.visitor_id, customer_months.owner_employee_id)') }} as employee_id,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    {{ integer('coalesce(visited.visit_count, 0)') }} as trailing_visit_count,
    case
        when visited.visit_count >= 6 then '6 and more'
        when visited.visit_count >= 4 then '4-5'
        when visited.visit_count >= 2 then '2-3'
        when visited.visit_count = 1 then '1'
        else '0'
    end as visit_band
from customer_months
left join visited
    on customer_months.month_start = visited.month_start and customer_months.customer_id = visited.customer_id
{{ customer_tier_lookup('customer_months.customer_id', 'customer_months.month_start') }}
