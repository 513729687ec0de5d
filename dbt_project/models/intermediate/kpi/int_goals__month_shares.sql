{#
    Grain: one row per goal and version of a KPI that grows over its period, and month: the share of the target planned
    for the month. The shares of a version sum to 1. A version that accepts a calibration takes the months up to it as
    they came and spreads the rest on the curve of the months that remain.
#}
with versions as (

    select
        goal_key,
        goal_version,
        is_current,
        target_value,
        calibrated_date
    from {{ ref('fct_goals') }}

),

refused as (

    select distinct
        goal_key,
        goal_version
    from {{ ref('goal_checks') }}
    where outcome = 'refused'

),

months as (

    select
        versions.goal_key,
        versions.goal_version,
        versions.is_current,
        weights.month_start,
        weights.last_date,
        weights.weight,
        case
            when weights.last_date <= versions.calibrated_date and versions.target_value <> 0
                then actuals.actual / versions.target_value
        end as kept_share
    from versions
    inner join {{ ref('int_goals__month_weights') }} as weights on versions.goal_key = weights.goal_key
    left join {{ ref('int_goals__month_actuals') }} as actuals
        on weights.goal_key = actuals.goal_key and weights.month_start = actuals.month_start
    left join refused on versions.goal_key = refused.goal_key and versions.goal_version = refused.goal_version
    where refused.goal_key is null

),

totals as (

    select
        *,
        sum(coalesce(kept_share, 0)) over (partition by goal_key, goal_version) as kept_total,
        sum(case when kept_share is null then weight else 0 end) over (partition by goal_key, goal_version)
            as open_weight,
        sum(weight) over (partition by goal_key, goal_version) as all_weight,
        count(*) over (partition by goal_key, goal_version) as month_count
    from months

)

select
    goal_key,
    goal_version,
    is_current,
    month_start,
    last_date,
    case
        when all_weight = 0 then 1 / cast(month_count as double)
        when open_weight = 0 then weight / all_weight
        when kept_share is not null then kept_share
        else (1 - kept_total) * weight / open_weight
    end as month_share
from totals
