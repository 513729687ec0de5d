{#
    Grain: one row per KPI and dimension: how its members make up the whole, found from the values themselves.
    ratio: numerators and denominators of the members add up to those of the whole in every period; sum: the values do;
    null: neither (distinct counts of overlapping members, medians), so that a change has no parts.
#}
with members as (

    select
        kpi_id,
        grain,
        period_start,
        dimension,
        sum(value) as value,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('int_kpi_values__with_parts') }}
    where dimension <> 'total'
    group by kpi_id, grain, period_start, dimension

),

compared as (

    select
        members.kpi_id,
        members.dimension,
        whole.denominator is not null as is_ratio,
        abs(coalesce(members.value, 0) - coalesce(whole.value, 0))
        <= 0.000001 * greatest(abs(coalesce(whole.value, 0)), 1) as values_add_up,
        abs(coalesce(members.numerator, 0) - coalesce(whole.numerator, 0))
        <= 0.000001 * greatest(abs(coalesce(whole.numerator, 0)), 1)
        and abs(coalesce(members.denominator, 0) - coalesce(whole.denominator, 0))
        <= 0.000001 * greatest(abs(coalesce(whole.denominator, 0)), 1) as parts_add_up
    from members
    inner join {{ ref('int_kpi_values__with_parts') }} as whole
        on
            members.kpi_id = whole.kpi_id
            and members.grain = whole.grain
            and members.period_start = whole.period_start
            and whole.dimension = 'total'

)

select
    kpi_id,
    dimension,
    case
        when min(case when is_ratio and parts_add_up then 1 else 0 end) = 1 then 'ratio'
        when min(case when values_add_up then 1 else 0 end) = 1 then 'sum'
    end as contribution_kind
from compared
group by kpi_id, dimension
