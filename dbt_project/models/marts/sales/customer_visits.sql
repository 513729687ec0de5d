{#
    Grain: one row per visit that took place. The customer's tier is the one settled before the visit's quarter. A first
    visit to a stranger became an opportunity when the visit, its lead or its customer has one that began no earlier.
#}
with visits as (

    select
        activity.*,
        {{ customer_id_column() }}
    from {{ ref('fct_activities') }} as activity
    {{ customer_id_lookup('activity') }}
    where activity.activity_kind = 'visit' and activity.is_done

),

deals as (

    select
        {{ customer_id_column() }},
        max(coalesce(deal.created_date, deal.closed_date)) as last_created_date
    from {{ ref('fct_opportunities') }} as deal
    {{ customer_id_lookup('deal') }}
    where {{ customer_id_column() }} is not null
    group by 1

)

select
    visits.activity_key,
    visits.source_system,
    visits.source_customer_key,
    visits.activity_date as visit_date,
    visits.happened_at,
    visits.region,
    {{ member('visits.employee_id') }} as employee_id,
    visits.team,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    visits.lead_key,
    visits.opportunity_key,
    visits.is_first_contact,
    visits.is_first_contact
    and (
        visits.opportunity_key is not null
        or link.opportunity_key is not null
        or coalesce(deals.last_created_date >= visits.activity_date, false)
    ) as became_opportunity,
    visits.cost_reporting_amount,
    visits.duration_minutes
from visits
left join {{ ref('int_leads__linked') }} as link on visits.lead_key = link.lead_key
left join deals on visits.customer_id = deals.customer_id
{{ customer_tier_lookup('visits.customer_id', 'visits.activity_date') }}
