{#
    Grain: one row per current goal of a KPI that grows over its period, and month of it that has begun: the actual, zero
    where nothing came. Additive over the months of a goal only for sums; a distinct count may count one twice.
#}
select
    months.goal_key,
    months.month_start,
    months.last_date,
    coalesce(single.value, crossing.actual, 0) as actual
from {{ ref('int_goals__month_weights') }} as months
inner join {{ ref('int_goals__cells') }} as goals on months.goal_key = goals.goal_key
left join {{ ref('kpi_values') }} as single
    on
        goals.kpi_id = single.kpi_id
        and single.grain = 'month'
        and months.month_start = single.period_start
        and goals.dimension = single.dimension
        and goals.member = single.member
left join {{ ref('int_goals__crossing_actuals') }} as crossing
    on goals.goal_key || '@' || cast(months.month_start as string) = crossing.goal_key
where months.month_start <= {{ as_of_date() }}
