{#
    Grain: one row per customer, state and span of days in it (from_date inclusive, to_date exclusive, null while it
    lasts). Spans of one customer and state never touch.
#}
with days as (

    -- of spans of one item that overlap or touch, what lies between the first beginning and the last end
    select
        *,
        max(coalesce(to_date, date '9999-12-31')) over (
            partition by customer_id, state, item order by from_date, coalesce(to_date, date '9999-12-31')
            rows between unbounded preceding and 1 preceding
        ) as earlier_to_date
    from {{ ref('int_customers__state_items') }}
    where from_date is not null

),

islands as (

    select
        *,
        sum(case when earlier_to_date >= from_date then 0 else 1 end) over (
            partition by customer_id, state, item order by from_date, coalesce(to_date, date '9999-12-31')
            rows unbounded preceding
        ) as island
    from days

),

item_spans as (

    select
        customer_id,
        state,
        min(from_date) as from_date,
        max(coalesce(to_date, date '9999-12-31')) as to_date
    from islands
    group by customer_id, state, item, island

),

-- few customers can get beyond the threshold of high value at all
rich_customers as (

    select customer_id
    from {{ ref('int_revenue__by_customer') }}
    group by customer_id
    having sum(greatest(revenue_reporting_amount, 0)) > {{ var('high_value_revenue') }}

),

-- revenue enters on its day and leaves the window 12 months later
rich_revenue as (

    select
        revenue.customer_id,
        revenue.event_date,
        cast(revenue.revenue_reporting_amount as double) as amount
    from {{ ref('int_revenue__by_customer') }} as revenue
    inner join rich_customers on revenue.customer_id = rich_customers.customer_id

),

changes as (

    select
        customer_id,
        state,
        from_date as change_date,
        cast(1 as double) as change
    from item_spans

    union all

    select
        customer_id,
        state,
        to_date as change_date,
        cast(-1 as double) as change
    from item_spans

    union all

    select
        customer_id,
        'high_value' as state,
        event_date as change_date,
        amount as change
    from rich_revenue

    union all

    select
        customer_id,
        'high_value' as state,
        {{ add_months('event_date', var('trailing_months') | int) }} as change_date,
        -amount as change
    from rich_revenue

),

running as (

    select
        customer_id,
        state,
        change_date,
        round(
            sum(sum(change)) over (partition by customer_id, state order by change_date rows unbounded preceding), 4
        ) as level
    from changes
    group by customer_id, state, change_date

),

held as (

    select
        *,
        case state
            when 'high_value' then level > {{ var('high_value_revenue') }}
            when 'several_lines' then level >= 2
            when 'online_and_offline' then level >= 2
            else level >= 1
        end as is_held
    from running

),

crossings as (

    select
        *,
        coalesce(lag(is_held) over (partition by customer_id, state order by change_date), false) as was_held
    from held

),

ends as (

    select
        customer_id,
        state,
        is_held,
        change_date as from_date,
        lead(change_date) over (partition by customer_id, state order by change_date) as to_date
    from crossings
    where is_held <> was_held

)

select
    customer_id,
    state,
    from_date,
    case when to_date <= {{ as_of_date() }} then to_date end as to_date
from ends
where is_held and from_date <= {{ as_of_date() }}
