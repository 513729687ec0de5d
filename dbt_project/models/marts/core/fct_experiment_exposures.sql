-- Grain: one row per exposure of a customer or visitor to a variant. A unit may be exposed more than once: count units
-- distinct (experiment_results counts each once, in the variant it saw first).
with

exposures as (
    select * from {{ ref('stg_experiment_exposure') }}
),

variants as (
    select
        experiment_id,
        variant,
        max(experiment_name) as experiment_name,
        {{ any_true('is_control') }} as is_control,
        max(metric) as metric,
        max(unit) as unit,
        max(marketing_channel) as marketing_channel,
        max(campaign_id) as campaign_id
    from {{ ref('stg_experiment') }}
    group by experiment_id, variant
),

final as (
    select
        exposures.source_system || ':' || exposures.exposure_id as exposure_key,
        exposures.exposure_id,
        exposures.source_system,
        coalesce(exposures.customer_system, exposures.source_system) as customer_system,
        exposures.source_customer_key,
        exposures.visitor_token,
        exposures.experiment_id,
        variants.experiment_name,
        exposures.variant,
        variants.is_control,
        variants.metric,
        variants.unit,
        coalesce(channel_word.channel, lower(nullif(trim(variants.marketing_channel), '')), '(none)')
            as marketing_channel,
        variants.campaign_id,
        exposures.exposed_at,
        {{ reporting_date('exposures.exposed_at') }} as exposed_date,
        coalesce(exposures.is_converted, false) as is_converted,
        exposures.outcome_value,
        exposures.outcome_at,
        {{ lineage_columns('exposures') }}
    from exposures
    left join variants
        on
            exposures.experiment_id = variants.experiment_id
            and exposures.variant = variants.variant
    {{ channel_word_lookup('variants.marketing_channel') }}
)

select * from final
