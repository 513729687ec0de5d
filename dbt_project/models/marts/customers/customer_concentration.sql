{#
    Grain: one row per quarter's end (the build's day in the quarter that is not over) and region; region `all` is the
    whole, ranked anew, not the sum of the regions. Revenue of the 12 months up to the day; nothing adds up over quarters.
#}
{% set trailing = var('trailing_months') | int %}
with events as (

    select
        event.event_date,
        event.region,
        {{ customer_id_column() }},
        {{ kpi_period_start('quarter', 'event.event_date') }} as quarter_start_date,
        event.revenue_reporting_amount
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}
    where event.event_date <= {{ as_of_date() }}

),

customer_quarters as (

    select
        quarter_start_date,
        region,
        customer_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from events
    group by 1, 2, 3

),

quarters as (

    select distinct
        quarter_start_date,
        {{ add_days(add_months('quarter_start_date', 3), -1) }} as last_date
    from customer_quarters

),

-- at the end of a quarter the trailing months are whole quarters; on the build's day within one they are not
trailing_revenue as (

    select
        quarters.last_date as as_of_date,
        customer_quarters.region,
        customer_quarters.customer_id,
        sum(customer_quarters.revenue_reporting_amount) as revenue_reporting_amount
    from quarters
    inner join customer_quarters
        on
            quarters.quarter_start_date >= customer_quarters.quarter_start_date
            and {{ add_months('quarters.quarter_start_date', -trailing) }} < customer_quarters.quarter_start_date
    where quarters.last_date <= {{ as_of_date() }}
    group by 1, 2, 3

    union all

    select
        {{ as_of_date() }} as as_of_date,
        region,
        customer_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from events
    where
        event_date > {{ add_months(as_of_date(), -trailing) }}
        and {{ as_of_date() }}
        < {{ add_days(add_months(kpi_period_start('quarter', as_of_date()), 3), -1) }}
    group by 1, 2, 3

),

customers as (

    select
        as_of_date,
        region,
        customer_id,
        revenue_reporting_amount
    from trailing_revenue

    union all

    select
        as_of_date,
        'all' as region,
        customer_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from trailing_revenue
    group by 1, 3

),

-- revenue without a known customer counts in the whole and is nobody's
wholes as (

    select
        as_of_date,
        region,
        sum(revenue_reporting_amount) as revenue_reporting_amount,
        sum(case when customer_id is not null and revenue_reporting_amount > 0 then 1 else 0 end) as customer_count,
        sum(
            case
                when customer_id is not null and revenue_reporting_amount > 0
                    then power(cast(revenue_reporting_amount as double), 2)
                else 0.0
            end
        ) as squared_amounts
    from customers
    group by 1, 2

),

ranked as (

    select
        as_of_date,
        region,
        customer_id,
        revenue_reporting_amount,
        row_number() over (
            partition by as_of_date, region order by revenue_reporting_amount desc, customer_id asc
        ) as place
    from customers
    where customer_id is not null and revenue_reporting_amount > 0

),

largest as (

    select
        as_of_date,
        region,
        max(case when place = 1 then customer_id end) as largest_customer_id,
        max(case when place = 1 then revenue_reporting_amount end) as largest_amount,
        sum(revenue_reporting_amount) as top_amount
    from ranked
    where place <= {{ var('largest_customers') }}
    group by 1, 2

)

select
    wholes.as_of_date,
    wholes.region,
    {{ integer('wholes.customer_count') }} as customer_count,
    {{ money('wholes.revenue_reporting_amount') }} as revenue_reporting_amount,
    largest.largest_customer_id,
    {{ money('coalesce(largest.largest_amount, 0)') }} as largest_reporting_amount,
    {{ money('coalesce(largest.top_amount, 0)') }} as top_reporting_amount,
    cast(coalesce(largest.largest_amount, 0) as double) / nullif(wholes.revenue_reporting_amount, 0)
        as largest_share,
    cast(coalesce(largest.top_amount, 0) as double) / nullif(wholes.revenue_reporting_amount, 0) as top_share,
    wholes.squared_amounts / nullif(power(cast(wholes.revenue_reporting_amount as double), 2), 0)
        as herfindahl_index
from wholes
left join largest
    on wholes.as_of_date = largest.as_of_date and wholes.region = largest.region
