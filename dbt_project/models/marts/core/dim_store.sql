-- Grain: one row per store, as the latest list that names it says.
with

ranked as (
    select
        store.*,
        row_number() over (
            partition by store.store_id order by store._delivery_seq desc, store._record_number desc
        ) as list_rank
    from {{ ref('stg_store') }} as store
    where store.store_id is not null
),

final as (
    select
        ranked.store_id,
        ranked.source_system,
        coalesce(ranked.store_name, ranked.store_id) as store_name,
        coalesce(
            region_word.region, nullif(trim(ranked.region), ''), {{ place_region() }}, '(none)'
        ) as region,
        {{ place_region_code() }} as region_code,
        ranked.country_code,
        ranked.province,
        ranked.city,
        ranked.district,
        coalesce(channel_word.channel, 'store') as channel,
        ranked.floor_area,
        ranked.latitude,
        ranked.longitude,
        ranked.reach_kilometres,
        ranked.people_within_reach,
        ranked.manager_employee_id,
        ranked.opened_date,
        ranked.closed_date,
        {{ lineage_columns('ranked') }}
    from ranked
    {{ region_word_lookup('ranked.region') }}
    {{ channel_word_lookup('ranked.channel') }}
    {{ place_lookup('ranked.country_code', 'ranked.province') }}
    where ranked.list_rank = 1
)

select * from final
