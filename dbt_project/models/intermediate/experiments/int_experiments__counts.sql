-- Grain: one row per experiment and variant: units, converted units, sum and sum of squares of their values.
with planned as (

    select
        experiment_id,
        variant,
        {{ any_true('is_control') }} as is_control,
        max(planned_share) as planned_share
    from {{ ref('stg_experiment') }}
    group by 1, 2

)

select
    unit.experiment_id,
    unit.variant,
    max(unit.metric) as metric,
    coalesce({{ any_true('planned.is_control') }}, false) as is_control,
    max(planned.planned_share) as planned_share,
    {{ integer('count(*)') }} as units,
    {{ integer('sum(unit.converted)') }} as converted,
    cast(sum(unit.outcome_value) as double) as value_sum,
    cast(sum(unit.outcome_value * unit.outcome_value) as double) as value_squares
from {{ ref('int_experiments__units') }} as unit
left join planned
    on
        unit.experiment_id = planned.experiment_id
        and unit.variant = planned.variant
group by 1, 2
