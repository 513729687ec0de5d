{#
    Grain: one row per opportunity: whether it was led by the process. Opportunities are additive, hours are not.
    What a source does not record (documents in a foreign CRM) counts as kept; what it records as missing does not.
#}
with stages as (

    select
        opportunity_key,
        sum(skipped_stage_count) as skipped_stage_count,
        min(case when stage = 'needs_confirmed' then entered_at end) as needs_confirmed_at,
        min(case when stage = 'proposal' then entered_at end) as proposed_at
    from {{ ref('fct_opportunity_stages') }}
    where stage_set = '{{ var("default_stage_set") }}'
    group by 1

),

documents as (

    select
        source_system || ':' || opportunity_id as opportunity_key,
        sum(case when not has_document then 1 else 0 end) as missing_document_count
    from {{ ref('stg_opportunity_stage') }}
    group by 1

),

leads as (

    select
        link.opportunity_key,
        {{ any_true(
            "coalesce(" ~ elapsed_days('lead.created_at', 'lead.first_contacted_at') ~ " * 24 > "
            ~ var('lead_first_contact_alert_hours') ~ ", false)"
        ) }} as is_contacted_late,
        {{ any_true(
            "coalesce(" ~ elapsed_days('lead.graded_at', 'lead.followed_up_at') ~ " * 24 > case lead.grade when 'A' then "
            ~ var('lead_follow_up_hours_a') ~ " when 'B' then " ~ var('lead_follow_up_hours_b') ~ " end, false)"
        ) }} as is_followed_up_late
    from {{ ref('int_leads__linked') }} as link
    inner join {{ ref('fct_leads') }} as lead on link.lead_key = lead.lead_key
    group by 1

),

judged as (

    select
        deal.opportunity_key,
        deal.opportunity_id,
        deal.source_system,
        deal.created_date,
        deal.employee_id,
        {{ member('deal.team') }} as team,
        deal.region,
        deal.is_won,
        coalesce(stages.skipped_stage_count, 0) > 0 as is_stage_skipped,
        coalesce(documents.missing_document_count, 0) > 0 as is_document_missing,
        {{ elapsed_days('stages.needs_confirmed_at', 'stages.proposed_at') }} * 24 as proposal_hours,
        coalesce(leads.is_contacted_late, false) as is_contacted_late,
        coalesce(leads.is_followed_up_late, false) as is_followed_up_late
    from {{ ref('fct_opportunities') }} as deal
    left join stages on deal.opportunity_key = stages.opportunity_key
    left join documents on deal.opportunity_key = documents.opportunity_key
    left join leads on deal.opportunity_key = leads.opportunity_key

),

timed as (

    select
        judged.*,
        is_contacted_late
        or is_followed_up_late
        or coalesce(proposal_hours > {{ var('process_proposal_hours') }}, false) as is_late
    from judged

)

select
    opportunity_key,
    opportunity_id,
    source_system,
    created_date,
    {{ member('employee_id') }} as employee_id,
    team,
    region,
    is_won,
    is_stage_skipped,
    is_document_missing,
    proposal_hours,
    is_contacted_late,
    is_followed_up_late,
    is_late,
    not is_stage_skipped and not is_document_missing and not is_late as is_compliant
from timed
