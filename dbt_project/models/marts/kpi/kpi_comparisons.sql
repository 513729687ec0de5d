{#
    Grain: as kpi_values (days and weeks: the last kpi_comparison_days only), with rows also for members of an earlier
    period that have none in this one: by name in months, quarters and years, together as (gone) in days and weeks.
    Contributions add up over the members of a dimension to the difference of the whole; nothing else here is additive.
#}
with effects as (

    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member,
        value,
        unit,
        is_complete,
        accumulates,
        contribution_kind,
        previous_period_start,
        previous_value,
        last_year_period_start,
        last_year_value,
        whole_value - previous_whole_value as previous_whole_difference,
        whole_value - last_year_whole_value as last_year_whole_difference,
        {{ kpi_effects('previous') }},
        {{ kpi_effects('last_year') }}
    from {{ ref('int_kpi_values__compared') }}

),

-- members without a row of a day or week: what the others leave of the change of the whole
unnamed as (

    select
        kpi_id,
        grain,
        period_start,
        dimension,
        '(gone)' as member,
        case when accumulates then cast(0 as double) end as value,
        unit,
        is_complete,
        accumulates,
        contribution_kind,
        previous_period_start,
        case when accumulates then -min(previous_whole_difference) + sum(previous_contribution) end as previous_value,
        last_year_period_start,
        case when accumulates then -min(last_year_whole_difference) + sum(last_year_contribution) end
            as last_year_value,
        min(previous_whole_difference) as previous_whole_difference,
        min(last_year_whole_difference) as last_year_whole_difference,
        min(previous_whole_difference) - sum(previous_contribution) as previous_contribution,
        case when contribution_kind = 'ratio' and min(previous_whole_difference) is not null then cast(0 as double) end
            as previous_rate_effect,
        min(last_year_whole_difference) - sum(last_year_contribution) as last_year_contribution,
        case when contribution_kind = 'ratio' and min(last_year_whole_difference) is not null then cast(0 as double) end
            as last_year_rate_effect
    from effects
    where grain in ('day', 'week') and dimension <> 'total' and contribution_kind is not null
    group by
        kpi_id, grain, period_start, dimension, unit, is_complete, accumulates, contribution_kind,
        previous_period_start, last_year_period_start
    having
        abs(min(previous_whole_difference) - sum(previous_contribution))
        > 0.000000001 * greatest(1, abs(min(previous_whole_difference)))
        or abs(min(last_year_whole_difference) - sum(last_year_contribution))
        > 0.000000001 * greatest(1, abs(min(last_year_whole_difference)))

),

members as (

    select * from effects
    union all
    select * from unnamed

)

select
    members.kpi_id,
    members.grain,
    members.period_start,
    members.dimension,
    members.member,
    members.value,
    members.unit,
    members.is_complete,
    members.previous_period_start,
    members.previous_value,
    members.value - members.previous_value as previous_difference,
    (members.value - members.previous_value) / nullif(abs(members.previous_value), 0) as previous_change_rate,
    members.last_year_period_start,
    members.last_year_value,
    members.value - members.last_year_value as last_year_difference,
    (members.value - members.last_year_value) / nullif(abs(members.last_year_value), 0) as last_year_change_rate,
    coalesce(own.benchmark_kind, general.benchmark_kind) as benchmark_kind,
    coalesce(own.benchmark_value, general.benchmark_value) as benchmark_value,
    members.value - coalesce(own.benchmark_value, general.benchmark_value) as benchmark_difference,
    (members.value - coalesce(own.benchmark_value, general.benchmark_value))
    / nullif(abs(coalesce(own.benchmark_value, general.benchmark_value)), 0) as benchmark_change_rate,
    members.contribution_kind,
    members.previous_contribution,
    members.previous_contribution / nullif(members.previous_whole_difference, 0) as previous_contribution_share,
    members.previous_rate_effect,
    members.previous_contribution - members.previous_rate_effect as previous_mix_effect,
    members.last_year_contribution,
    members.last_year_contribution / nullif(members.last_year_whole_difference, 0) as last_year_contribution_share,
    members.last_year_rate_effect,
    members.last_year_contribution - members.last_year_rate_effect as last_year_mix_effect
from members
left join {{ ref('int_kpi_benchmarks__by_period') }} as own
    on
        members.kpi_id = own.kpi_id
        and members.grain = own.grain
        and members.period_start = own.period_start
        and members.dimension = own.dimension
        and members.member = own.member
left join {{ ref('int_kpi_benchmarks__by_period') }} as general
    on
        members.kpi_id = general.kpi_id
        and members.grain = general.grain
        and members.period_start = general.period_start
        and general.dimension = 'total'
        and not general.accumulates
