{#
    Grain: one row per journey and stage of the default stage set that it entered. A journey is a lead together with the
    opportunity it became, or an opportunity without a lead. Reaching a later stage is passing, also over skipped ones.
    Not additive: journeys over stages, medians of dwell_days and sales_cycle_days.
#}
with stages as (

    select
        stage,
        stage_order,
        stage_role,
        stage_order = max(stage_order) over () as is_last_stage
    from {{ ref('stage_sets') }}
    where stage_set = '{{ var("default_stage_set") }}'

),

journeys as (

    select
        lead.lead_key as journey_key,
        lead.lead_key,
        link.opportunity_key
    from {{ ref('fct_leads') }} as lead
    left join {{ ref('int_leads__linked') }} as link on lead.lead_key = link.lead_key

    union all

    select
        deal.opportunity_key as journey_key,
        cast(null as string) as lead_key,
        deal.opportunity_key
    from {{ ref('fct_opportunities') }} as deal
    where deal.opportunity_key not in (select link.opportunity_key from {{ ref('int_leads__linked') }} as link)

),

entries as (

    select
        journeys.journey_key,
        entry.stage,
        entry.entered_at,
        entry.left_at,
        entry.employee_id,
        case when entry.stage_order = 1 then 1 else 0 end as preference
    from journeys
    inner join {{ ref('fct_opportunity_stages') }} as entry on journeys.opportunity_key = entry.opportunity_key
    where entry.stage_set = '{{ var("default_stage_set") }}' and entry.entered_at is not null

    union all

    -- the lead itself: acquired when created, qualified by its score; on later stages the deal's own word comes first
    select
        lead.lead_key as journey_key,
        stages.stage,
        case
            when stages.stage_order = 1 then lead.created_at
            else coalesce(lead.graded_at, lead.converted_at, lead.created_at)
        end as entered_at,
        cast(null as timestamp) as left_at,
        lead.employee_id,
        case when stages.stage_order = 1 then 0 else 1 end as preference
    from {{ ref('fct_leads') }} as lead
    inner join stages on stages.stage_order = 1 or (stages.stage_order = 2 and lead.is_qualified)
    where lead.created_at is not null

),

first_entries as (

    select
        entries.*,
        stages.stage_order,
        stages.stage_role,
        stages.is_last_stage,
        row_number() over (
            partition by entries.journey_key, entries.stage order by entries.preference, entries.entered_at
        ) as place
    from entries
    inner join stages on entries.stage = stages.stage

),

ordered as (

    select
        *,
        max(stage_order) over (partition by journey_key) as reached_order,
        min(entered_at) over (
            partition by journey_key order by stage_order rows between 1 following and unbounded following
        ) as next_entered_at
    from first_entries
    where place = 1

)

select
    ordered.journey_key,
    ordered.stage,
    {{ integer('ordered.stage_order') }} as stage_order,
    ordered.entered_at,
    {{ reporting_date('ordered.entered_at') }} as entered_date,
    case when lead.lead_key is null then 'opportunity' else 'lead' end as journey_kind,
    coalesce(lead.region, deal.region, '(none)') as region,
    coalesce(lead.marketing_channel, deal.marketing_channel, '(none)') as marketing_channel,
    coalesce(deal.product_line, '(none)') as product_line,
    ordered.employee_id,
    not ordered.is_last_stage as has_next_stage,
    ordered.reached_order > ordered.stage_order as is_passed,
    ordered.reached_order = ordered.stage_order
    and (
        coalesce(deal.is_closed and not deal.is_won, false)
        or (deal.opportunity_key is null and coalesce(lead.status = 'disqualified', false))
    ) as is_lost,
    coalesce(deal.is_won, lead.is_won, false) as is_won,
    case
        when coalesce(ordered.next_entered_at, ordered.left_at) >= ordered.entered_at
            then {{ elapsed_days('ordered.entered_at', 'coalesce(ordered.next_entered_at, ordered.left_at)') }}
    end as dwell_days,
    {{ reporting_date('coalesce(ordered.next_entered_at, ordered.left_at)') }} as left_date,
    case when ordered.stage_role = 'proposal' then proposal.proposal_hours end as proposal_hours,
    case when ordered.stage_role = 'proposal' then {{ reporting_date('proposal.proposal_sent_at') }} end
        as proposal_sent_date,
    case when ordered.stage_order = 1 then lead.won_date end as lead_won_date,
    case when ordered.stage_order = 1 then lead.sales_cycle_days end as sales_cycle_days
from ordered
inner join journeys on ordered.journey_key = journeys.journey_key
left join {{ ref('fct_leads') }} as lead on journeys.lead_key = lead.lead_key
left join {{ ref('fct_opportunities') }} as deal on journeys.opportunity_key = deal.opportunity_key
left join {{ ref('int_proposals__timed') }} as proposal on journeys.opportunity_key = proposal.opportunity_key
