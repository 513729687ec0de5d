-- Grain: one row per store and day. Visitors are counted at the door: a person who comes twice counts twice.
select
    traffic.traffic_date,
    traffic.store_id,
    traffic.source_system,
    coalesce(store.region, '(none)') as region,
    traffic.visitors,
    traffic.passers_by,
    traffic.staff_on_duty,
    {{ lineage_columns('traffic') }}
from {{ ref('stg_store_traffic') }} as traffic
left join {{ ref('dim_store') }} as store
    on traffic.store_id = store.store_id
