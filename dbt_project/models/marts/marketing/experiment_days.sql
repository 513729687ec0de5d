{#
    Grain: one row per experiment, variant other than the control, and day: units first exposed on the day and how many
    converted, and beside them the control's of the day, which repeat for each variant: never add them over variants.
    Rates and uplift are sum over sum.
#}
with days as (

    select
        unit.experiment_id,
        unit.variant,
        unit.exposed_date,
        counted.is_control,
        count(*) as units,
        sum(unit.converted) as converted
    from {{ ref('int_experiments__units') }} as unit
    inner join {{ ref('int_experiments__counts') }} as counted
        on
            unit.experiment_id = counted.experiment_id
            and unit.variant = counted.variant
    group by 1, 2, 3, 4

),

variants as (

    select distinct
        days.experiment_id,
        days.variant,
        all_days.exposed_date
    from days
    inner join days as all_days on days.experiment_id = all_days.experiment_id
    where not days.is_control

),

controls as (

    select
        experiment_id,
        exposed_date,
        sum(units) as units,
        sum(converted) as converted
    from days
    where is_control
    group by 1, 2

)

select
    variants.experiment_id,
    variants.variant,
    variants.exposed_date,
    {{ integer('coalesce(days.units, 0)') }} as units,
    {{ integer('coalesce(days.converted, 0)') }} as converted,
    {{ integer('coalesce(controls.units, 0)') }} as control_units,
    {{ integer('coalesce(controls.converted, 0)') }} as control_converted
from variants
left join days
    on
        variants.experiment_id = days.experiment_id
        and variants.variant = days.variant
        and variants.exposed_date = days.exposed_date
left join controls
    on
        variants.experiment_id = controls.experiment_id
        and variants.exposed_date = controls.exposed_date
