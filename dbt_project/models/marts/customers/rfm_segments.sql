{#
    Grain: one row per customer with a paid order and as_of_date (the build's day, and the ends of the last quarters).
    Nothing here is additive over as_of_date; scores and segments are not additive at all.
#}
with as_of_dates as (

    select {{ as_of_date() }} as as_of_date

    union

    select distinct {{ add_days('quarter_start_date', -1) }} as as_of_date
    from {{ ref('dim_date') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day > {{ add_months(as_of_date(), -3 * (var('rfm_history_quarters') | int)) }}

),

customers as (

    select
        as_of_dates.as_of_date,
        paid.customer_id,
        {{ days_between('max(paid.paid_date)', 'as_of_dates.as_of_date') }} as recency_days,
        sum(
            case
                when paid.paid_date > {{ add_months('as_of_dates.as_of_date', -(var('trailing_months') | int)) }} then 1
                else 0
            end
        ) as order_count,
        sum(
            case
                when paid.paid_date > {{ add_months('as_of_dates.as_of_date', -(var('trailing_months') | int)) }}
                    then paid.order_reporting_amount
                else 0
            end
        ) as order_reporting_amount
    from as_of_dates
    inner join {{ ref('int_paid_orders__by_customer') }} as paid on as_of_dates.as_of_date >= paid.paid_date
    group by as_of_dates.as_of_date, paid.customer_id

),

measured as (

    select
        *,
        cast(order_reporting_amount as double) / nullif(order_count, 0) as mean_order_amount,
        cast(sum(order_reporting_amount) over (partition by as_of_date) as double)
        / nullif(sum(order_count) over (partition by as_of_date), 0) as mean_order_amount_of_all,
        percent_rank() over (partition by as_of_date order by recency_days desc) as recency_rank,
        percent_rank() over (partition by as_of_date order by order_count) as frequency_rank,
        percent_rank() over (partition by as_of_date order by order_reporting_amount desc) as revenue_rank
    from customers

),

related as (

    select
        *,
        mean_order_amount / nullif(mean_order_amount_of_all, 0) as monetary_ratio,
        percent_rank() over (partition by as_of_date order by coalesce(mean_order_amount, 0)) as monetary_rank
    from measured

)

select
    customer_id,
    as_of_date,
    {{ integer('recency_days') }} as recency_days,
    {{ integer('order_count') }} as order_count,
    {{ money('order_reporting_amount') }} as order_reporting_amount,
    {{ money('mean_order_amount') }} as mean_order_reporting_amount,
    monetary_ratio,
    {{ integer('least(floor(recency_rank * 5), 4) + 1') }} as recency_score,
    {{ integer('least(floor(frequency_rank * 5), 4) + 1') }} as frequency_score,
    {{ integer('least(floor(monetary_rank * 5), 4) + 1') }} as monetary_score,
    case
        when
            recency_days <= {{ var('rfm_core_recency_days') }}
            and order_count >= {{ var('rfm_core_frequency') }}
            and monetary_ratio >= {{ var('rfm_core_monetary_ratio') }}
            then 'core'
        when
            recency_days <= {{ var('rfm_potential_recency_days') }}
            and order_count >= {{ var('rfm_potential_frequency') }}
            and monetary_ratio >= {{ var('rfm_potential_monetary_ratio') }}
            then 'potential'
        when
            recency_days <= {{ var('rfm_general_recency_days') }}
            and order_count >= {{ var('rfm_general_frequency') }}
            then 'general'
        else 'lost'
    end as segment,
    revenue_rank < 0.2 as is_top_fifth_by_revenue
from related
