{#
    Grain: one row per path of channels, in order of time; a channel several times in a row is written once; long paths
    keep their last steps. Journeys (conversions and those that led to none) are additive; rates are sum over sum. A
    customer's conversions each have a path of their own, so a touch may be part of several.
#}
with paths as (

    select
        path,
        max(path_set) as path_set,
        {{ integer('sum(conversions)') }} as conversions,
        {{ integer('sum(non_conversions)') }} as non_conversions,
        {{ money('sum(value_reporting_amount)') }} as value_reporting_amount
    from {{ ref('int_attribution__paths') }}
    group by 1

)

select
    path,
    path_set,
    {{ integer("(length(path) - length(replace(path, ' > ', ''))) / 3 + 1") }} as step_count,
    path <> '(none)' as has_touch,
    conversions,
    non_conversions,
    value_reporting_amount,
    cast(conversions as double) / nullif(conversions + non_conversions, 0) as conversion_rate
from paths
