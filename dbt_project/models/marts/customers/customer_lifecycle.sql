{#
    Grain: one row per customer and as_of_date (the build's day, and the ends of the last quarters): the furthest stage
    reached by then, or lapsed. Customers count once per as_of_date: nothing adds up over it.
#}
with days as (

    select {{ as_of_date() }} as as_of_date

    union

    select distinct {{ add_days(kpi_period_start('quarter', 'date_day'), -1) }} as as_of_date
    from {{ ref('dim_date') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day > {{ add_months(as_of_date(), -3 * (var('churn_history_quarters') | int)) }}

),

customers as (

    select
        days.as_of_date,
        milestone.*
    from days
    inner join {{ ref('int_customers__milestones') }} as milestone on days.as_of_date >= milestone.acquired_date

),

last_purchases as (

    select
        days.as_of_date,
        purchase.customer_id,
        max(purchase.purchase_date) as last_purchase_date
    from days
    inner join {{ ref('int_purchases__by_customer') }} as purchase on days.as_of_date >= purchase.purchase_date
    group by 1, 2

),

risks as (

    select
        days.as_of_date,
        span.customer_id,
        max(span.from_date) as from_date
    from days
    inner join {{ ref('int_customers__risk_spans') }} as span
        on days.as_of_date >= span.from_date and (span.to_date is null or days.as_of_date < span.to_date)
    group by 1, 2

),

lapses as (

    select
        bought.as_of_date,
        bought.customer_id,
        least(
            risks.from_date,
            case
                when
                    {{ days_between('bought.last_purchase_date', 'bought.as_of_date') }}
                    > {{ var('rfm_general_recency_days') }}
                    then {{ add_days('bought.last_purchase_date', (var('rfm_general_recency_days') | int) + 1) }}
            end
        ) as lapsed_date
    from last_purchases as bought
    left join risks on bought.as_of_date = risks.as_of_date and bought.customer_id = risks.customer_id

)

select
    customers.customer_id,
    customers.as_of_date,
    customers.as_of_date = {{ as_of_date() }} as is_current,
    coalesce(customer.region, '(none)') as region,
    customers.marketing_channel,
    customers.is_referred,
    case
        when lapses.lapsed_date is not null then 'lapsed'
        when customers.referring_date <= customers.as_of_date then 'referring'
        when customers.converted_date <= customers.as_of_date then 'converted'
        when customers.retained_date <= customers.as_of_date then 'retained'
        when customers.activated_date <= customers.as_of_date then 'activated'
        else 'acquired'
    end as stage,
    customers.acquired_date,
    {% for milestone in ['activated_date', 'first_order_date', 'retained_date', 'converted_date', 'referring_date'] %}
        case when customers.{{ milestone }} <= customers.as_of_date then customers.{{ milestone }} end
            as {{ milestone }},
    {% endfor %}
    lapses.lapsed_date
from customers
left join lapses on customers.as_of_date = lapses.as_of_date and customers.customer_id = lapses.customer_id
left join {{ ref('dim_customer') }} as customer on customers.customer_id = customer.customer_id
