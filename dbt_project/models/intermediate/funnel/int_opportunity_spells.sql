{#
    Grain: one row per opportunity and open stage of the default stage set that it entered: from when to when it was
    there, the mean dwell of that stage as known in the month of entry, and when it stalled (was there longer than that).
    The mean is over what left the stage in the trailing months before that month, which does not change afterwards; with
    too few of them, over all that have left it so far.
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

spells as (

    select
        entry.opportunity_key,
        entry.stage,
        stages.stage_order,
        stages.default_probability,
        entry.entered_at,
        coalesce(entry.left_at, deal.closed_at) as left_at,
        entry.next_stage,
        entry.reporting_amount as entry_reporting_amount,
        {{ period_start('month', 'entry.entered_date') }} as entered_month,
        {{ elapsed_days('entry.entered_at', 'coalesce(entry.left_at, deal.closed_at)') }} as dwell_days
    from {{ ref('fct_opportunity_stages') }} as entry
    inner join stages on entry.stage = stages.stage
    inner join {{ ref('fct_opportunities') }} as deal on entry.opportunity_key = deal.opportunity_key
    where
        entry.stage_set = '{{ var("default_stage_set") }}'
        and entry.entered_at is not null
        -- closed without a date: nobody knows how long it was open
        and not (deal.is_closed and coalesce(entry.left_at, deal.closed_at) is null)

),

departures as (

    select
        stage,
        {{ period_start('month', reporting_date('left_at')) }} as left_month,
        count(*) as left_count,
        sum(dwell_days) as dwell_days
    from spells
    where dwell_days >= 0
    group by 1, 2

),

entry_months as (

    select distinct
        stage,
        entered_month
    from spells

),

recent as (

    select
        entry_months.stage,
        entry_months.entered_month,
        sum(departures.left_count) as left_count,
        sum(departures.dwell_days) as dwell_days
    from entry_months
    inner join departures
        on
            entry_months.stage = departures.stage
            and entry_months.entered_month > departures.left_month
            and {{ add_months('entry_months.entered_month', -(var('trailing_months') | int)) }} <= departures.left_month
    group by 1, 2

),

all_time as (

    select
        stage,
        sum(dwell_days) / sum(left_count) as mean_dwell_days
    from departures
    group by 1

),

measured as (

    select
        spells.*,
        case
            when recent.left_count >= {{ var('stage_dwell_minimum_entries') }}
                then recent.dwell_days / recent.left_count
            else all_time.mean_dwell_days
        end as mean_dwell_days
    from spells
    left join recent on spells.stage = recent.stage and spells.entered_month = recent.entered_month
    left join all_time on spells.stage = all_time.stage

),

limited as (

    select
        *,
        {{ add_hours('entered_at', 'mean_dwell_days * 24') }} as limit_at
    from measured

)

select
    opportunity_key,
    stage,
    {{ integer('stage_order') }} as stage_order,
    default_probability,
    entered_at,
    left_at,
    next_stage,
    entry_reporting_amount,
    {{ reporting_date('entered_at') }} as entered_date,
    {{ reporting_date('left_at') }} as left_date,
    dwell_days,
    mean_dwell_days,
    case when limit_at < coalesce(left_at, {{ as_of() }}) then limit_at end as stalled_at,
    case when limit_at < coalesce(left_at, {{ as_of() }}) then {{ reporting_date('limit_at') }} end as stalled_date
from limited
