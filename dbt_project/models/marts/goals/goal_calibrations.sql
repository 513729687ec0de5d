-- Grain: one row per proposal: a goal with months left whose actual left its plan to date by the limit or more at the
-- end of a month. Nothing is additive: each month end may propose anew.
with

versions as (
    select * from {{ ref('fct_goals') }}
),

planned as (
    select
        goals.goal_key,
        goals.goal_version,
        goals.target_value,
        goals.calibrated_date,
        shares.month_start,
        shares.last_date,
        goals.target_value * shares.month_share as month_target,
        actuals.actual
    from versions as goals
    inner join {{ ref('int_goals__month_shares') }} as shares
        on goals.goal_key = shares.goal_key and goals.goal_version = shares.goal_version
    left join {{ ref('int_goals__month_actuals') }} as actuals
        on shares.goal_key = actuals.goal_key and shares.month_start = actuals.month_start
),

-- the plan of a month end is that of the newest version that does not accept this or a later calibration
plans as (
    select
        ends.goal_key,
        ends.last_date as month_end_date,
        max(goals.goal_version) as goal_version
    from (
        select distinct
            planned.goal_key,
            planned.last_date
        from planned
        where planned.last_date <= {{ as_of_date() }}
    ) as ends
    inner join versions as goals
        on
            ends.goal_key = goals.goal_key
            and (goals.calibrated_date is null or ends.last_date > goals.calibrated_date)
    group by 1, 2
),

compared as (
    select
        plans.goal_key,
        plans.goal_version,
        plans.month_end_date,
        max(planned.target_value) as target,
        sum(case when planned.last_date <= plans.month_end_date then planned.month_target else 0 end) as plan_to_date,
        sum(case when planned.last_date <= plans.month_end_date then coalesce(planned.actual, 0) else 0 end) as actual,
        sum(case when planned.last_date > plans.month_end_date then planned.month_target else 0 end) as old_remaining,
        sum(case when planned.last_date > plans.month_end_date then 1 else 0 end) as remaining_month_count
    from plans
    inner join planned on plans.goal_key = planned.goal_key and plans.goal_version = planned.goal_version
    group by 1, 2, 3
),

proposed as (
    select
        *,
        round(actual / nullif(plan_to_date, 0) - 1, 12) as deviation,
        target - actual as new_remaining
    from compared
    where remaining_month_count > 0
),

spreads as (
    select
        proposed.goal_key,
        proposed.month_end_date,
        {{ list_distinct(spread_entry('planned.month_start', 'planned.month_target')) }} as old_spread,
        {{ list_distinct(spread_entry(
            'planned.month_start',
            'case when proposed.old_remaining = 0 then proposed.new_remaining / proposed.remaining_month_count '
            ~ 'else proposed.new_remaining * planned.month_target / proposed.old_remaining end'
        )) }} as new_spread
    from proposed
    inner join planned
        on
            proposed.goal_key = planned.goal_key
            and proposed.goal_version = planned.goal_version
            and proposed.month_end_date < planned.last_date
    where abs(proposed.deviation) >= {{ var('goal_calibration_deviation') }}
    group by 1, 2
),

accepted as (
    select
        goal_key,
        calibrated_date,
        max(goal_version) as goal_version
    from versions
    where calibrated_date is not null
    group by 1, 2
),

final as (
    select
        proposed.goal_key || '@' || cast(proposed.month_end_date as string) as proposal_key,
        proposed.goal_key,
        {{ integer('proposed.goal_version') }} as goal_version,
        goals.kpi_id,
        goals.grain,
        goals.period_start,
        goals.dimension,
        goals.member,
        proposed.month_end_date,
        proposed.target,
        proposed.plan_to_date,
        proposed.actual,
        proposed.deviation,
        {{ integer('proposed.remaining_month_count') }} as remaining_month_count,
        proposed.old_remaining as old_remaining_target,
        proposed.new_remaining as new_remaining_target,
        spreads.old_spread,
        spreads.new_spread,
        case when proposed.deviation < 0 then 'behind plan' else 'ahead of plan' end as reason,
        accepted.goal_key is not null as is_accepted,
        {{ integer('accepted.goal_version') }} as accepted_goal_version
    from proposed
    inner join spreads
        on proposed.goal_key = spreads.goal_key and proposed.month_end_date = spreads.month_end_date
    inner join {{ ref('int_goals__cells') }} as goals on proposed.goal_key = goals.goal_key
    left join accepted
        on proposed.goal_key = accepted.goal_key and proposed.month_end_date = accepted.calibrated_date
)

select * from final
