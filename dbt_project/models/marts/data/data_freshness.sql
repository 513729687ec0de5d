{#
    Grain: one row per source system and entity, at the build's clock. An entity is as fresh as the least recently
    checked contract that feeds it; a source without deliveries yet stands with the entity (none).
    Not additive: minutes (the worst source is the figure of the whole).
#}
with fed as (

    select distinct
        delivery.source_system,
        delivery.contract,
        written.entity
    from {{ ref('stg_delivery_entity') }} as written
    inner join {{ ref('stg_delivery') }} as delivery on written.delivery_seq = delivery.delivery_seq
    where delivery.is_active

)

select
    source.source_system,
    coalesce(fed.entity, '(none)') as entity,
    min(source.checked_at) as checked_at,
    max(source.last_received_at) as last_received_at,
    {{ as_of() }} as as_of_at,
    {{ as_of_date() }} as as_of_date,
    round({{ elapsed_days('min(source.checked_at)', as_of()) }} * 1440, 2) as minutes_since_check,
    {{ elapsed_days('min(source.checked_at)', as_of()) }} * 1440 > {{ var('freshness_limit_minutes') }} as is_stale
from {{ ref('stg_source_check') }} as source
left join fed on source.source_system = fed.source_system and source.contract = fed.contract
group by 1, 2
