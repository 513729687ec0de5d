{# Grain: one row per day of receipt, source system and contract: records of active deliveries, all additive. #}
select
    {{ reporting_date('received_at') }} as received_date,
    source_system,
    contract,
    {{ integer('sum(received_rows)') }} as received_rows,
    {{ integer('sum(accepted_rows)') }} as accepted_rows,
    {{ integer('sum(superseded_rows)') }} as superseded_rows,
    {{ integer('sum(rejected_rows)') }} as rejected_rows
from {{ ref('delivery_accounting') }}
where state = 'active'
group by 1, 2, 3
