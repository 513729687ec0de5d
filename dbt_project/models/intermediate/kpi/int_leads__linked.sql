{#
    Grain: one row per lead that became an opportunity, with that opportunity: the one the lead names or that names the
    lead; of several the won one, then the earliest.
#}
with links as (

    select
        lead.lead_key,
        deal.opportunity_key,
        deal.is_won,
        deal.created_at
    from {{ ref('fct_leads') }} as lead
    inner join {{ ref('fct_opportunities') }} as deal
        on lead.source_system = deal.source_system and lead.lead_id = deal.lead_id

    union all

    select
        lead.lead_key,
        deal.opportunity_key,
        deal.is_won,
        deal.created_at
    from {{ ref('fct_leads') }} as lead
    inner join {{ ref('fct_opportunities') }} as deal
        on lead.source_system = deal.source_system and lead.opportunity_id = deal.opportunity_id

),

ranked as (

    select
        lead_key,
        opportunity_key,
        row_number() over (
            partition by lead_key order by is_won desc, created_at asc nulls last, opportunity_key asc
        ) as place
    from links

)

select
    lead_key,
    opportunity_key
from ranked
where place = 1
