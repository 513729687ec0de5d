{#
    Grain: one row per path of channels that led to no conversion (of visitors nobody knows, and of customers' touches
    that lie in no conversion's days), with how many journeys took it. A journey ends where the next touch comes more
    than attribution_window_days later. Journeys of the last such days may still convert.
#}
with touches as (

    select
        'customer:' || touch.customer_id as person,
        touch.marketing_channel,
        touch.touched_date,
        min(touch.touched_at) as touched_at
    from {{ ref('int_touchpoints__of_customers') }} as touch
    left join {{ ref('int_attribution__touches') }} as used on touch.touchpoint_key = used.touchpoint_key
    where used.touchpoint_key is null
    group by 1, 2, 3{{ '' if var('attribution_one_touch_a_day') else ', touch.touchpoint_key' }}

    union all

    select
        source_system || ':' || coalesce(visitor_token, session_id) as person,
        marketing_channel,
        started_date as touched_date,
        min(started_at) as touched_at
    from {{ ref('fct_sessions') }}
    where source_customer_key is null and started_at is not null
    group by 1, 2, 3{{ '' if var('attribution_one_touch_a_day') else ', session_id' }}

),

-- most visitors come once: they need no ordering
people as (

    select
        person,
        count(*) as touch_count,
        min(marketing_channel) as marketing_channel
    from touches
    group by 1

),

gaps as (

    select
        touches.person,
        touches.marketing_channel,
        touches.touched_at,
        lag(touches.marketing_channel) over (
            partition by touches.person order by touches.touched_at, touches.marketing_channel
        ) as previous_channel,
        coalesce(
            {{ elapsed_days(
                'lag(touches.touched_at) over (partition by touches.person'
                ~ ' order by touches.touched_at, touches.marketing_channel)',
                'touches.touched_at'
            ) }} > {{ var('attribution_window_days') }},
            true
        ) as is_start
    from touches
    inner join people on touches.person = people.person and people.touch_count > 1

),

journeys as (

    select
        person,
        marketing_channel,
        touched_at,
        is_start or marketing_channel <> previous_channel as is_step,
        sum(case when is_start then 1 else 0 end) over (
            partition by person order by touched_at, marketing_channel rows unbounded preceding
        ) as journey
    from gaps

),

numbered as (

    select
        *,
        sum(case when is_step then 1 else 0 end) over (
            partition by person, journey order by touched_at desc, marketing_channel desc rows unbounded preceding
        ) as step_from_end
    from journeys

),

paths as (

    select
        person,
        journey,
        {{ path_of(
            'case when is_step and step_from_end <= ' ~ var('attribution_path_max_steps')
            ~ ' then marketing_channel end',
            'touched_at, marketing_channel'
        ) }} as path,
        {{ set_of('marketing_channel') }} as path_set
    from numbered
    group by 1, 2

)

select
    path,
    path_set,
    count(*) as journeys
from paths
group by 1, 2

union all

select
    marketing_channel as path,
    marketing_channel as path_set,
    count(*) as journeys
from people
where touch_count = 1
group by 1
