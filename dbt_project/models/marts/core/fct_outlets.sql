-- Grain: one row per outlet or platform, brand and month observed. Rows add up within a month, not over months.
with

outlets as (
    select * from {{ ref('stg_outlet') }}
),

final as (
    select
        outlets.source_system,
        outlets.outlet_id,
        outlets.outlet_name,
        outlets.outlet_kind,
        coalesce(region_word.region, province.sales_region, nullif(trim(outlets.region), ''), '(none)') as region,
        outlets.province,
        outlets.city,
        {{ member('outlets.brand') }} as brand,
        own_brands.brand_word is not null as is_own_brand,
        coalesce(outlets.is_carried, false) as is_carried,
        outlets.observed_month,
        {{ lineage_columns('outlets') }}
    from outlets
    left join {{ ref('int_own_brands') }} as own_brands on lower(trim(outlets.brand)) = own_brands.brand_word
    {{ region_word_lookup('outlets.region') }}
    left join {{ ref('provinces') }} as province on outlets.province = province.province
)

select * from final
