{# Grain: one row per delivery, part and entity: the entity rows it wrote to the clean lake, replaced ones included. #}
select
    delivery.delivery_id,
    coalesce(written.part, '') as part,
    written.entity,
    delivery.state,
    {{ integer('written.entity_rows') }} as entity_rows
from {{ ref('stg_delivery_entity') }} as written
inner join {{ ref('stg_delivery') }} as delivery on written.delivery_seq = delivery.delivery_seq
