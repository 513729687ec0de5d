-- First entry of every opportunity into every stage, for each stage set. A closed deal is in its closing stage since it
-- was closed; one without any history is in its present stage since its last change. Stages in between that no history
-- tells of are not invented.
with

opportunities as (
    select * from {{ ref('int_opportunities__staged') }}
),

history as (
    select
        stage_record.source_system || ':' || stage_record.opportunity_id as opportunity_key,
        lower(trim(stage_record.stage)) as stage_word,
        stage_record.entered_at,
        stage_record.amount,
        stage_record.currency,
        false as is_derived,
        {{ lineage_columns('stage_record') }}
    from {{ ref('stg_opportunity_stage') }} as stage_record
    where stage_record.entered_at is not null
),

opportunities_with_history as (
    select distinct opportunity_key from history
),

derived as (
    select
        opportunities.opportunity_key,
        case
            when opportunities.is_won then 'won'
            when opportunities.is_closed then 'lost'
            else lower(trim(opportunities.source_stage))
        end as stage_word,
        coalesce(opportunities.closed_at, opportunities.updated_at, opportunities.created_at) as entered_at,
        opportunities.amount,
        opportunities.currency,
        true as is_derived,
        {{ lineage_columns('opportunities') }}
    from opportunities
    left join opportunities_with_history
        on opportunities.opportunity_key = opportunities_with_history.opportunity_key
    where opportunities.is_closed or opportunities_with_history.opportunity_key is null
),

entries as (
    select * from history
    union all
    select * from derived
    where entered_at is not null
),

mapped as (
    select
        entries.opportunity_key,
        words.stage_set,
        words.stage,
        entries.entered_at,
        entries.amount,
        entries.currency,
        entries.is_derived,
        {{ lineage_columns('entries') }},
        row_number() over (
            partition by entries.opportunity_key, words.stage_set, words.stage
            order by entries.is_derived, entries.entered_at, entries._record_number
        ) as place
    from entries
    inner join {{ ref('funnel_stage_words') }} as words
        on entries.stage_word = words.source_word
),

final as (
    select
        mapped.opportunity_key,
        mapped.stage_set,
        mapped.stage,
        {{ integer('stages.stage_order') }} as stage_order,
        mapped.entered_at,
        mapped.amount,
        mapped.currency,
        mapped.is_derived,
        {{ lineage_columns('mapped') }}
    from mapped
    left join {{ ref('stage_sets') }} as stages
        on
            mapped.stage_set = stages.stage_set
            and mapped.stage = stages.stage
    where mapped.place = 1
)

select * from final
