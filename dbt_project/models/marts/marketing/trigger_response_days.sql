{#
    Grain: one row per day and trigger: touches that the trigger sent and how many a paid order or won deal answered, and
    beside them the day's touches sent by hand, which repeat for each trigger: never add those over triggers (ratios of
    them stay right, since every trigger has the same days).
#}
with touches as (

    select
        touch.touchpoint_key,
        touch.touched_date,
        coalesce(touch.trigger, '(none)') as trigger,
        max(case when conversion.conversion_key is not null then 1 else 0 end) as is_answered
    from {{ ref('fct_touchpoints') }} as touch
    {{ customer_id_lookup('touch', 'customer_system') }}
    left join {{ ref('int_conversions__valued') }} as conversion
        on
            {{ customer_id_column() }} = conversion.customer_id
            and touch.touched_at <= conversion.converted_at
            and {{ elapsed_days('touch.touched_at', 'conversion.converted_at') }}
            <= {{ var('touch_response_days') }}
    where touch.is_outbound and {{ customer_id_column() }} is not null
    group by 1, 2, 3

),

days as (

    select
        touched_date,
        trigger,
        count(*) as touches,
        sum(is_answered) as answered
    from touches
    group by 1, 2

),

dates as (

    select
        touched_date,
        sum(case when trigger = '(none)' then touches else 0 end) as manual_touches,
        sum(case when trigger = '(none)' then answered else 0 end) as manual_answered
    from days
    group by 1

),

triggers as (

    select distinct trigger
    from days
    where trigger <> '(none)'

)

select
    dates.touched_date,
    triggers.trigger,
    {{ integer('coalesce(days.touches, 0)') }} as triggered_touches,
    {{ integer('coalesce(days.answered, 0)') }} as triggered_answered,
    {{ integer('dates.manual_touches') }} as manual_touches,
    {{ integer('dates.manual_answered') }} as manual_answered
from dates
cross join triggers
left join days
    on
        dates.touched_date = days.touched_date
        and triggers.trigger = days.trigger
