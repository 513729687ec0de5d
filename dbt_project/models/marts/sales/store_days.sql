{#
    Grain: one row per store and day from the first on which it had visitors or sales, to its last. Revenue, orders and
    visitors add up over stores and days; the floor area is a state: its changes add up to the area on a day.
#}
with sales as (

    select
        event_date as store_date,
        store_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount,
        sum(gross_profit_reporting_amount) as gross_profit_reporting_amount,
        sum(case when event_kind = 'sale' then quantity end) as quantity,
        count(distinct case when event_kind in ('sale', 'order') then order_key end) as order_count
    from {{ ref('revenue_events') }}
    where store_id is not null
    group by 1, 2

),

traffic as (

    select
        traffic_date as store_date,
        store_id,
        sum(visitors) as visitors
    from {{ ref('fct_store_traffic') }}
    group by 1, 2

),

known_days as (

    select
        store_id,
        min(store_date) as first_date
    from (
        select
            store_id,
            store_date
        from sales
        union all
        select
            store_id,
            store_date
        from traffic
    ) as known
    group by 1

),

days as (

    select
        day.date_day as store_date,
        store.store_id,
        store.region,
        store.floor_area,
        known_days.first_date,
        coalesce(store.closed_date, {{ as_of_date() }}) as last_date
    from {{ ref('dim_store') }} as store
    inner join known_days on store.store_id = known_days.store_id
    inner join {{ ref('dim_date') }} as day
        -- the day after the last one takes the area away again
        on
            day.date_day between known_days.first_date
            and least({{ add_days('coalesce(store.closed_date, ' ~ as_of_date() ~ ')', 1) }}, {{ as_of_date() }})

)

select
    days.store_date,
    days.store_id,
    days.region,
    days.store_date <= days.last_date as is_open,
    case when days.store_date <= days.last_date then days.floor_area end as floor_area,
    case
        when days.store_date = days.first_date then days.floor_area
        when days.store_date > days.last_date then -days.floor_area
        else 0.0
    end as floor_area_change,
    {{ money('coalesce(sales.revenue_reporting_amount, 0)') }} as revenue_reporting_amount,
    {{ money('coalesce(sales.gross_profit_reporting_amount, 0)') }} as gross_profit_reporting_amount,
    coalesce(sales.quantity, 0.0) as quantity,
    {{ integer('coalesce(sales.order_count, 0)') }} as order_count,
    {{ integer('traffic.visitors') }} as visitors
from days
left join sales on days.store_id = sales.store_id and days.store_date = sales.store_date
left join traffic on days.store_id = traffic.store_id and days.store_date = traffic.store_date
