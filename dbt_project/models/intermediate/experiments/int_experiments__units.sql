{#
    Grain: one row per experiment and unit (customer, else visitor): the variant it saw first and whether it converted after
    any exposure of that variant. Units seen in several variants are kept in the first.
#}
with exposures as (

    select
        exposure.experiment_id,
        exposure.variant,
        coalesce({{ customer_id_column() }}, exposure.visitor_token, exposure.exposure_key) as unit_key,
        exposure.metric,
        exposure.exposed_at,
        exposure.exposed_date,
        exposure.is_converted,
        exposure.outcome_value,
        exposure.exposure_key
    from {{ ref('fct_experiment_exposures') }} as exposure
    {{ customer_id_lookup('exposure', 'customer_system') }}

),

ranked as (

    select
        *,
        row_number() over (partition by experiment_id, unit_key order by exposed_at, exposure_key) as place
    from exposures

)

select
    first_seen.experiment_id,
    first_seen.unit_key,
    first_seen.variant,
    max(coalesce(first_seen.metric, 'conversion')) as metric,
    min(first_seen.exposed_date) as exposed_date,
    max(case when every_time.is_converted then 1 else 0 end) as converted,
    sum(case when every_time.is_converted then coalesce(every_time.outcome_value, 0) else 0 end) as outcome_value
from ranked as first_seen
inner join ranked as every_time
    on
        first_seen.experiment_id = every_time.experiment_id
        and first_seen.unit_key = every_time.unit_key
        and first_seen.variant = every_time.variant
where first_seen.place = 1
group by 1, 2, 3
