{#
    Grain: one row per market observation. Measures must not be mixed, and several sources may state one figure: average
    those. Money is converted at the rate of the period's last day (of the build's day where it is still to come).
#}
with

observations as (
    select
        observation.*,
        least(observation.period_end, {{ as_of_date() }}) as rate_day
    from {{ ref('stg_market_observation') }} as observation
),

final as (
    select
        observations.source_system,
        observations.measure,
        observations.platform,
        nullif(trim(observations.brand), '') as brand,
        own_brands.brand_word is not null as is_own_brand,
        coalesce(region_word.region, province.sales_region, nullif(trim(observations.region), '')) as region,
        observations.region as stated_region,
        nullif(trim(observations.product_line), '') as product_line,
        nullif(trim(observations.price_band), '') as price_band,
        observations.period_start,
        observations.period_end,
        observations.observed_value,
        observations.currency,
        case
            when observations.currency is null then observations.observed_value
            else observations.observed_value * {{ exchange_rate('observations.currency') }}
        end as reporting_value,
        observations.source,
        {{ lineage_columns('observations') }}
    from observations
    left join {{ ref('int_own_brands') }} as own_brands on lower(trim(observations.brand)) = own_brands.brand_word
    {{ exchange_rate_lookup('observations.currency', 'observations.rate_day') }}
    {{ region_word_lookup('observations.region') }}
    left join {{ ref('provinces') }} as province on observations.region = province.province
)

select * from final
