{#
    Grain: one row per day and kind of change: reserve set aside (the stated part of each budget line, else the configured
    share of its plan) and money released from it. Changes are additive; over a period they are its reserve balance.
#}
with changes as (

    select
        budget_date as change_date,
        'reserve' as change_kind,
        coalesce(
            reserve_reporting_amount, planned_reporting_amount * {{ var('budget_reserve_share') }}
        ) as change_amount
    from {{ ref('fct_budgets') }}
    where period_start <= {{ as_of_date() }}

    union all

    select
        coalesce(decided_date, submitted_date) as change_date,
        'release' as change_kind,
        -granted_reporting_amount as change_amount
    from {{ ref('fct_approvals') }}
    where approval_kind = 'budget_release' and status = 'approved'

)

select
    change_date,
    change_kind,
    {{ money('sum(change_amount)') }} as change_reporting_amount
from changes
where change_date is not null and change_amount is not null
group by 1, 2
