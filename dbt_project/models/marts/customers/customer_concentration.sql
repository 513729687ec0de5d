{#
    Grain: one row per month's end (the build's day in the month that is not over) and region; region `all` is the whole,
    ranked anew, not the sum of the regions. Revenue of the month and the 11 before it; nothing adds up over months.
#}
with customer_months as (

    select
        {{ period_start('month', 'event.event_date') }} as month_start_date,
        event.region,
        {{ customer_id_column() }},
        sum(event.revenue_reporting_amount) as revenue_reporting_amount
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}
    where event.event_date <= {{ as_of_date() }}
    group by 1, 2, 3

),

months as (

    select distinct month_start_date
    from customer_months

),

trailing_years as (

    select
        months.month_start_date,
        customer_months.region,
        customer_months.customer_id,
        sum(customer_months.revenue_reporting_amount) as revenue_reporting_amount
    from months
    inner join customer_months
        on
            months.month_start_date >= customer_months.month_start_date
            and {{ add_months('months.month_start_date', -(var('trailing_months') | int)) }}
            < customer_months.month_start_date
    group by 1, 2, 3

),

-- revenue without a known customer counts in the whole and is nobody's
customers as (

    select
        month_start_date,
        region,
        customer_id,
        revenue_reporting_amount
    from trailing_years

    union all

    select
        month_start_date,
        'all' as region,
        customer_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from trailing_years
    group by 1, 3

),

ranked as (

    select
        *,
        row_number() over (
            partition by month_start_date, region, customer_id is null
            order by revenue_reporting_amount desc, customer_id asc
        ) as place,
        sum(case when customer_id is not null and revenue_reporting_amount > 0 then 1 else 0 end) over (
            partition by month_start_date, region
        ) as customer_count,
        sum(revenue_reporting_amount) over (partition by month_start_date, region) as whole_reporting_amount
    from customers

),

summed as (

    select
        month_start_date,
        region,
        max(customer_count) as customer_count,
        max(whole_reporting_amount) as revenue_reporting_amount,
        max(case when customer_id is not null and place = 1 then customer_id end) as largest_customer_id,
        max(case when customer_id is not null and place = 1 then revenue_reporting_amount end)
            as largest_reporting_amount,
        sum(
            case
                when customer_id is not null and place <= {{ var('largest_customers') }} then revenue_reporting_amount
                else 0
            end
        ) as top_reporting_amount,
        sum(
            case
                when customer_id is not null and place <= ceil(customer_count * 0.2) then revenue_reporting_amount
                else 0
            end
        ) as top_fifth_reporting_amount,
        sum(
            case
                when customer_id is not null and revenue_reporting_amount > 0
                    then power(cast(revenue_reporting_amount as double) / nullif(whole_reporting_amount, 0), 2)
                else 0
            end
        ) as herfindahl_index
    from ranked
    group by 1, 2

)

select
    least({{ add_days(add_months('month_start_date', 1), -1) }}, {{ as_of_date() }}) as as_of_date,
    region,
    {{ integer('customer_count') }} as customer_count,
    {{ money('revenue_reporting_amount') }} as revenue_reporting_amount,
    largest_customer_id,
    {{ money('coalesce(largest_reporting_amount, 0)') }} as largest_reporting_amount,
    {{ money('top_reporting_amount') }} as top_reporting_amount,
    {{ money('top_fifth_reporting_amount') }} as top_fifth_reporting_amount,
    cast(coalesce(largest_reporting_amount, 0) as double) / nullif(revenue_reporting_amount, 0) as largest_share,
    cast(top_reporting_amount as double) / nullif(revenue_reporting_amount, 0) as top_share,
    cast(top_fifth_reporting_amount as double) / nullif(revenue_reporting_amount, 0) as top_fifth_share,
    herfindahl_index
from summed
