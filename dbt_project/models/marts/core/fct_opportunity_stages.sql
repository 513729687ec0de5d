-- Grain: one row per opportunity, stage set and stage, its first entry. The stage sets describe the same deals: filter
-- on one. Dwell times are not additive.
with

entries as (
    select * from {{ ref('int_opportunity_stages__entered') }}
),

opportunities as (
    select * from {{ ref('int_opportunities__staged') }}
),

-- lost is no stage, but ends the stage before
ordered as (
    select
        entries.*,
        lead(entries.entered_at) over (
            partition by entries.opportunity_key, entries.stage_set
            order by entries.entered_at, coalesce(entries.stage_order, 99)
        ) as left_at,
        lead(entries.stage) over (
            partition by entries.opportunity_key, entries.stage_set
            order by entries.entered_at, coalesce(entries.stage_order, 99)
        ) as next_stage,
        max(entries.stage_order) over (
            partition by entries.opportunity_key, entries.stage_set
            order by entries.entered_at, coalesce(entries.stage_order, 99)
            rows between unbounded preceding and 1 preceding
        ) as furthest_before
    from entries
),

dated as (
    select
        ordered.*,
        {{ reporting_date('ordered.entered_at') }} as entered_date
    from ordered
    where ordered.stage_order is not null
),

final as (
    select
        dated.opportunity_key,
        opportunities.opportunity_id,
        dated.stage_set,
        dated.stage,
        dated.stage_order,
        opportunities.source_system,
        opportunities.source_customer_key,
        opportunities.region,
        opportunities.product_line,
        opportunities.marketing_channel,
        opportunities.employee_id,
        dated.entered_at,
        dated.entered_date,
        dated.left_at,
        {{ elapsed_days('dated.entered_at', 'dated.left_at') }} as dwell_days,
        dated.next_stage,
        case
            when dated.stage_order > dated.furthest_before + 1
                then {{ integer('dated.stage_order - dated.furthest_before - 1') }}
            else 0
        end as skipped_stage_count,
        dated.is_derived,
        dated.amount,
        dated.currency,
        {{ at_rate('dated.amount', exchange_rate('dated.currency')) }} as reporting_amount,
        {{ lineage_columns('dated') }}
    from dated
    inner join opportunities
        on dated.opportunity_key = opportunities.opportunity_key
    {{ exchange_rate_lookup('dated.currency', 'dated.entered_date') }}
)

select * from final
