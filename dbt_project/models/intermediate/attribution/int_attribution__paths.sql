-- Grain: one row per path and set of channels: tens of millions of touches become thousands of distinct paths.
with journeys as (

    select
        path,
        path_set,
        1 as conversions,
        0 as non_conversions,
        value_reporting_amount
    from {{ ref('int_attribution__journeys') }}

    union all

    select
        path,
        path_set,
        0 as conversions,
        journeys as non_conversions,
        0 as value_reporting_amount
    from {{ ref('int_attribution__lost_journeys') }}

)

select
    path,
    path_set,
    {{ integer('sum(conversions)') }} as conversions,
    {{ integer('sum(non_conversions)') }} as non_conversions,
    {{ money('sum(value_reporting_amount)') }} as value_reporting_amount
from journeys
group by 1, 2
