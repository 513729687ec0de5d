{#
    Grain: one row per conversion with its path: the channels of its counted touches in order of time, repetitions in a
    row written once, the last attribution_path_max_steps steps; `path_set`: all its channels in alphabetical order.
#}
with steps as (

    select
        conversion_kind,
        conversion_key,
        value_reporting_amount,
        marketing_channel,
        counted_place,
        coalesce(
            marketing_channel <> lag(marketing_channel) over (
                partition by conversion_kind, conversion_key order by counted_place
            ),
            true
        ) as is_step
    from {{ ref('int_attribution__touches') }}
    where is_counted

),

numbered as (

    select
        *,
        sum(case when is_step then 1 else 0 end) over (
            partition by conversion_kind, conversion_key order by counted_place desc rows unbounded preceding
        ) as step_from_end
    from steps

)

select
    conversion_kind,
    conversion_key,
    max(value_reporting_amount) as value_reporting_amount,
    {{ path_of(
        'case when is_step and step_from_end <= ' ~ var('attribution_path_max_steps') ~ ' then marketing_channel end',
        'counted_place'
    ) }} as path,
    {{ set_of('marketing_channel') }} as path_set
from numbered
group by 1, 2
