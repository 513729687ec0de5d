{#
    Grain: one row per day, model, product line and region with active devices or messages. Device days, usage and faults
    are additive; active devices are not additive over days.
#}
with changes as (

    select
        active_from_date as change_date,
        model,
        product_line,
        region,
        1 as device_change
    from {{ ref('dim_device') }}
    where active_from_date is not null

    union all

    -- the day it was taken out of use still counts
    select
        {{ add_days('active_to_date', 1) }} as change_date,
        model,
        product_line,
        region,
        -1 as device_change
    from {{ ref('dim_device') }}
    where active_from_date is not null and active_to_date is not null and active_to_date >= active_from_date

),

by_day as (

    select
        change_date,
        model,
        product_line,
        region,
        sum(device_change) as device_change
    from changes
    group by 1, 2, 3, 4

),

states as (

    select
        change_date,
        lead(change_date) over (partition by model, product_line, region order by change_date) as next_change_date,
        model,
        product_line,
        region,
        sum(device_change) over (
            partition by model, product_line, region order by change_date rows unbounded preceding
        ) as active_devices
    from by_day

),

active as (

    select
        days.date_day,
        states.model,
        states.product_line,
        states.region,
        states.active_devices
    from states
    inner join {{ ref('dim_date') }} as days
        on
            states.change_date <= days.date_day
            and (states.next_change_date is null or states.next_change_date > days.date_day)
    where days.date_day <= {{ as_of_date() }} and states.active_devices > 0

),

events as (

    select
        occurred_date as date_day,
        model,
        product_line,
        region,
        sum(case when is_usage then 1 else 0 end) as usage_events,
        sum(case when is_fault then 1 else 0 end) as fault_events,
        count(distinct case when is_usage then device_key end) as used_devices
    from {{ ref('fct_device_events') }}
    where occurred_date is not null
    group by 1, 2, 3, 4

)

select
    coalesce(active.date_day, events.date_day) as date_day,
    coalesce(active.model, events.model) as model,
    coalesce(active.product_line, events.product_line) as product_line,
    coalesce(active.region, events.region) as region,
    {{ integer('coalesce(active.active_devices, 0)') }} as active_devices,
    {{ integer('coalesce(events.used_devices, 0)') }} as used_devices,
    {{ integer('coalesce(events.usage_events, 0)') }} as usage_events,
    {{ integer('coalesce(events.fault_events, 0)') }} as fault_events
from active
full outer join events
    on
        active.date_day = events.date_day
        and active.model = events.model
        and active.product_line = events.product_line
        and active.region = events.region
