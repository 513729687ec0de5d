{#
    Grain: one row per current goal: the share of its target that is due by the build's day, on the curve of its plan.
    What does not accumulate (ratios, states) is due in full from the first day.
#}
with due as (

    select
        shares.goal_key,
        round(sum(shares.month_share * months.elapsed_share), 12) as due_share
    from {{ ref('int_goals__month_shares') }} as shares
    inner join {{ ref('int_goals__month_weights') }} as months
        on shares.goal_key = months.goal_key and shares.month_start = months.month_start
    where shares.is_current
    group by 1

)

select
    goals.goal_key,
    catalogue.accumulates,
    case
        when goals.period_start > {{ as_of_date() }} then 0.0
        when catalogue.accumulates then coalesce(due.due_share, 0.0)
        else 1.0
    end as due_share
from {{ ref('int_goals__cells') }} as goals
inner join {{ ref('int_kpi_catalogue__declared') }} as catalogue on goals.kpi_id = catalogue.kpi_id
left join due on goals.goal_key = due.goal_key
