{#
    Grain: one row per experiment, variant and metric: the experiment's own (a rate over units) and its value (a mean per
    unit). Units are customers or visitors, each in the variant it saw first. Nothing here is additive but units.
#}
with names as (

    select
        experiment_id,
        max(experiment_name) as experiment_name,
        min(exposed_date) as first_date,
        max(exposed_date) as last_date
    from {{ ref('fct_experiment_exposures') }}
    group by 1

)

select
    compared.experiment_id,
    coalesce(names.experiment_name, compared.experiment_id) as experiment_name,
    compared.variant,
    compared.metric,
    counted.is_control,
    names.first_date,
    names.last_date,
    counted.units,
    counted.converted,
    counted.planned_share,
    compared.rate,
    compared.control_rate,
    compared.uplift,
    compared.uplift_low,
    compared.uplift_high,
    compared.p_value,
    coalesce(compared.p_value < 1 - {{ var('experiment_confidence') }}, false) as is_significant,
    compared.power,
    compared.smallest_uplift,
    compared.sample_ratio_p_value,
    -- a split this far from the plan comes by chance once in a thousand experiments
    coalesce(compared.sample_ratio_p_value >= 0.001, true) as is_split_as_planned
from {{ ref('int_experiments__compared') }} as compared
inner join {{ ref('int_experiments__counts') }} as counted
    on
        compared.experiment_id = counted.experiment_id
        and compared.variant = counted.variant
left join names on compared.experiment_id = names.experiment_id
