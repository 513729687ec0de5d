{# Grain: one row per delivery, part, column, rule and effect: records rejected, values left out or changed. #}
select
    delivery.delivery_id,
    delivery.source_system,
    delivery.contract,
    delivery.state,
    coalesce(issues.part, '') as part,
    coalesce(issues.column_name, '') as column_name,
    issues.reason,
    issues.effect,
    {{ integer('issues.row_count') }} as row_count
from {{ ref('stg_delivery_issue') }} as issues
inner join {{ ref('stg_delivery') }} as delivery on issues.delivery_seq = delivery.delivery_seq
where issues.effect in ('rejected', 'missing', 'changed')
