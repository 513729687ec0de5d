{#
    Grain: one row per quarter, seller and KPI of the scorecard set in use. Only weighted_score is additive: over the KPIs
    of a seller's quarter it adds up to the total. A KPI without a value has no score and leaves its weight to the others
    of its component, a component without any to the other components.
#}
{% set rows = scorecard_kpis_in_use() %}
with weights as (

    {% for row in rows %}
        select
            '{{ row.component }}' as component,
            cast({{ row.component_weight }} as double) as component_weight,
            '{{ row.kpi_id }}' as kpi_id,
            cast({{ row.kpi_weight }} as double) as kpi_weight,
            cast({{ row.target }} as double) as shipped_target
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

own_goals as (

    select
        kpi_id,
        employee_id,
        {{ kpi_period_start('quarter', 'period_start') }} as quarter_start,
        max(target_value) as target_value
    from {{ ref('fct_goals') }}
    where is_current and grain = 'quarter' and employee_id is not null and kpi_id <> 'revenue'
    group by 1, 2, 3

),

scored as (

    select
        sellers.quarter_start,
        sellers.employee_id,
        sellers.team,
        weights.component,
        weights.component_weight,
        weights.kpi_id,
        weights.kpi_weight,
        coalesce(own_goals.target_value, weights.shipped_target) as target,
        measures.actual,
        -- missing stays missing: greatest and least would pass over it
        case
            when measures.actual / nullif(coalesce(own_goals.target_value, weights.shipped_target), 0) is not null
                then least(
                        greatest(measures.actual / coalesce(own_goals.target_value, weights.shipped_target), 0),
                        {{ var('scorecard_attainment_cap') }}
                    )
        end as score
    from {{ ref('seller_attainment') }} as sellers
    cross join weights
    left join own_goals
        on
            sellers.employee_id = own_goals.employee_id
            and sellers.quarter_start = own_goals.quarter_start
            and weights.kpi_id = own_goals.kpi_id
    left join {{ ref('int_seller_measures__by_quarter') }} as measures
        on
            sellers.quarter_start = measures.quarter_start
            and sellers.employee_id = measures.employee_id
            and weights.kpi_id = measures.kpi_id

),

within as (

    select
        scored.*,
        case when score is not null then kpi_weight end
        / nullif(
            sum(case when score is not null then kpi_weight end) over (
                partition by quarter_start, employee_id, component
            ), 0
        ) as share_in_component
    from scored

),

effective as (

    select
        within.*,
        component_weight * share_in_component
        / nullif(sum(component_weight * share_in_component) over (partition by quarter_start, employee_id), 0)
            as effective_weight
    from within

),

medians as (

    select
        quarter_start,
        team,
        kpi_id,
        median(score) as team_median_score
    from scored
    group by 1, 2, 3

)

select
    effective.quarter_start,
    effective.employee_id,
    effective.kpi_id,
    '{{ var("scorecard_set") }}' as scorecard_set,
    effective.component,
    effective.component_weight,
    effective.kpi_weight,
    effective.target,
    effective.actual,
    effective.score,
    effective.share_in_component,
    round(effective.effective_weight, 12) as effective_weight,
    round(effective.effective_weight * effective.score, 12) as weighted_score,
    medians.team_median_score,
    effective.score - medians.team_median_score as score_against_team,
    {{ integer(
        'case when effective.score is not null then row_number() over (partition by effective.quarter_start, '
        ~ 'effective.employee_id order by effective.score - medians.team_median_score asc nulls last, '
        ~ 'effective.score asc nulls last, effective.kpi_id asc) end'
    ) }} as weakness_rank
from effective
inner join medians
    on
        effective.quarter_start = medians.quarter_start
        and effective.team = medians.team
        and effective.kpi_id = medians.kpi_id
