{#
    Grain: one row per opportunity whose needs were confirmed or that got a proposal: when each was first so. A proposal
    is sent when the first proposal activity took place; without one, when the deal entered the proposal stage.
#}
with stages as (

    select
        stage,
        stage_role
    from {{ ref('stage_sets') }}
    where stage_set = '{{ var("default_stage_set") }}' and stage_role in ('needs', 'proposal')

),

entered as (

    select
        entry.opportunity_key,
        min(case when stages.stage_role = 'needs' then entry.entered_at end) as needs_confirmed_at,
        min(case when stages.stage_role = 'proposal' then entry.entered_at end) as proposal_entered_at
    from {{ ref('fct_opportunity_stages') }} as entry
    inner join stages on entry.stage = stages.stage
    where entry.stage_set = '{{ var("default_stage_set") }}'
    group by 1

),

sent as (

    select
        opportunity_key,
        min(happened_at) as first_sent_at
    from {{ ref('fct_activities') }}
    where activity_kind = 'proposal' and is_done and opportunity_key is not null
    group by 1

),

joined as (

    select
        coalesce(entered.opportunity_key, sent.opportunity_key) as opportunity_key,
        entered.needs_confirmed_at,
        coalesce(sent.first_sent_at, entered.proposal_entered_at) as proposal_sent_at
    from entered
    full outer join sent on entered.opportunity_key = sent.opportunity_key

)

select
    opportunity_key,
    needs_confirmed_at,
    proposal_sent_at,
    case
        when proposal_sent_at >= needs_confirmed_at
            then {{ elapsed_hours('needs_confirmed_at', 'proposal_sent_at') }}
    end as proposal_hours
from joined
where coalesce(needs_confirmed_at, proposal_sent_at) is not null
