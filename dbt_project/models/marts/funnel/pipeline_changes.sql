{#
    Grain: one row per day, stage, region and employee on which the weighted value of open opportunities changes.
    Columns are changes: the pipeline on a day is the sum of all changes up to it. An opportunity counts from entering
    a stage to leaving it, with the amount at that time x the stage's probability (its own while it is there).
#}
with stages as (

    select
        stage,
        stage_order,
        default_probability
    from {{ ref('stage_sets') }}
    where
        stage_set = '{{ var("default_stage_set") }}'
        and stage_order < (
            select min(won.stage_order)
            from {{ ref('stage_sets') }} as won
            where won.stage_set = '{{ var("default_stage_set") }}' and won.is_won_stage
        )

),

spans as (

    select
        entry.stage,
        entry.region,
        {{ member('entry.employee_id') }} as employee_id,
        entry.entered_date as from_date,
        coalesce({{ reporting_date('entry.left_at') }}, deal.closed_date) as to_date,
        {{ money(
            'case when entry.left_at is null and not deal.is_closed'
            ~ ' then coalesce(deal.reporting_amount, entry.reporting_amount) * coalesce(deal.probability, stages.default_probability)'
            ~ ' else coalesce(entry.reporting_amount, deal.reporting_amount) * stages.default_probability end'
        ) }} as weighted_reporting_amount
    from {{ ref('fct_opportunity_stages') }} as entry
    inner join stages on entry.stage = stages.stage
    inner join {{ ref('fct_opportunities') }} as deal on entry.opportunity_key = deal.opportunity_key
    where
        entry.stage_set = '{{ var("default_stage_set") }}'
        and entry.entered_date is not null
        -- closed without a date: nobody knows how long it was open
        and not (deal.is_closed and coalesce(entry.left_at, deal.closed_at) is null)

),

changes as (

    select
        from_date as change_date,
        stage,
        region,
        employee_id,
        weighted_reporting_amount
    from spans
    where to_date is null or to_date > from_date

    union all

    select
        to_date as change_date,
        stage,
        region,
        employee_id,
        -weighted_reporting_amount as weighted_reporting_amount
    from spans
    where to_date > from_date

)

select
    change_date,
    stage,
    region,
    employee_id,
    {{ money('sum(weighted_reporting_amount)') }} as pipeline_change_reporting_amount
from changes
where change_date <= {{ as_of_date() }}
group by 1, 2, 3, 4
having sum(weighted_reporting_amount) <> 0
