{#
    Grain: one row per region, product line and complete month from the first month with revenue on, zero where nothing
    was sold. Revenue without one-off sales; additive.
#}
with events as (

    select
        {{ member('region') }} as region,
        {{ member('product_line') }} as product_line,
        {{ period_start('month', 'event_date') }} as month_start,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from {{ ref('revenue_events') }}
    where event_date <= {{ as_of_date() }}
    group by 1, 2, 3

),

one_off as (

    select
        {{ member('region') }} as region,
        {{ member('product_line') }} as product_line,
        month_start,
        sum(sale_reporting_amount) as one_off_reporting_amount
    from {{ ref('int_revenue__one_off_sales') }}
    group by 1, 2, 3

),

months as (

    select
        month_start_date as month_start,
        max(date_day) as last_date
    from {{ ref('dim_date') }}
    where month_start_date >= (select min(events.month_start) from events)
    group by 1
    having max(date_day) <= {{ as_of_date() }}

),

cells as (

    select distinct
        region,
        product_line
    from events

)

select
    cells.region,
    cells.product_line,
    months.month_start,
    months.last_date,
    {{ money('coalesce(events.revenue_reporting_amount, 0) - coalesce(one_off.one_off_reporting_amount, 0)') }}
        as revenue_reporting_amount
from cells
cross join months
left join events
    on
        cells.region = events.region
        and cells.product_line = events.product_line
        and months.month_start = events.month_start
left join one_off
    on
        cells.region = one_off.region
        and cells.product_line = one_off.product_line
        and months.month_start = one_off.month_start
