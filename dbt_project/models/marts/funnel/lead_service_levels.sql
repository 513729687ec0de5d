{#
    Grain: one row per lead with a creation time: the limits it has, when each was met, whether it was breached and by how
    much. A limit counts as due once it has run out by the run's clock, met or not; a breach still open grows with it.
    Disqualified leads owe no follow-up or proposal. Minutes over are not additive over limits.
#}
{% set limits = {
    'first_contact': 'first_contacted_at',
    'grading': 'graded_at',
    'follow_up': 'followed_up_at',
    'proposal': 'proposal_sent_at',
} %}
with leads as (

    select
        lead.*,
        {{ add_hours('lead.created_at', var('lead_grading_hours')) }} as grading_due_at,
        -- from grading on; of a lead that nobody grades from the moment it should have been
        coalesce(lead.graded_at, {{ add_hours('lead.created_at', var('lead_grading_hours')) }}) as follow_up_from,
        proposal.needs_confirmed_at,
        proposal.proposal_sent_at,
        case lead.grade
            when 'A' then {{ var('lead_follow_up_hours_a') }}
            when 'B' then {{ var('lead_follow_up_hours_b') }}
            else {{ (var('lead_nurture_days_c') | int) * 24 }}
        end as follow_up_hours
    from {{ ref('fct_leads') }} as lead
    left join {{ ref('int_leads__linked') }} as link on lead.lead_key = link.lead_key
    left join {{ ref('int_proposals__timed') }} as proposal on link.opportunity_key = proposal.opportunity_key
    where lead.created_at is not null

),

limited as (

    select
        *,
        {{ add_hours('created_at', var('lead_first_contact_reminder_hours')) }} as first_contact_reminder_at,
        {{ add_hours('created_at', var('lead_first_contact_alert_hours')) }} as first_contact_due_at,
        case when is_valid then {{ add_hours('follow_up_from', 'follow_up_hours') }} end as follow_up_due_at,
        case when is_valid then {{ add_hours('needs_confirmed_at', var('proposal_hours')) }} end as proposal_due_at
    from leads

),

judged as (

    select
        {% for limit, met_at in limits.items() %}
            coalesce({{ limit }}_due_at <= {{ as_of() }}, false) as is_{{ limit }}_due,
            coalesce({{ limit }}_due_at < coalesce({{ met_at }}, {{ as_of() }}), false) as is_{{ limit }}_breached,
            case
                when {{ limit }}_due_at < coalesce({{ met_at }}, {{ as_of() }})
                    then {{ elapsed_hours(limit ~ '_due_at', 'coalesce(' ~ met_at ~ ', ' ~ as_of() ~ ')') }} * 60
            end as {{ limit }}_minutes_over,
        {% endfor %}
        limited.*
    from limited

)

select
    lead_key,
    source_system,
    source_customer_key,
    region,
    employee_id,
    marketing_channel,
    campaign_id,
    {{ member('grade') }} as grade,
    is_valid,
    created_at,
    created_date,
    assigned_at,
    case when assigned_at >= created_at then {{ elapsed_hours('created_at', 'assigned_at') }} end as assignment_hours,
    first_contact_reminder_at,
    coalesce(first_contacted_at <= first_contact_reminder_at, false) as is_contacted_within_reminder,
    {% for limit, met_at in limits.items() %}
        {{ limit }}_due_at,
        {{ met_at }},
        is_{{ limit }}_due,
        is_{{ limit }}_breached,
        {{ limit }}_minutes_over,
    {% endfor %}
    is_grading_due and is_follow_up_due as is_due,
    is_grading_due and is_follow_up_due
    and graded_at is not null and not is_grading_breached
    and followed_up_at is not null and not is_follow_up_breached as is_met
from judged
