{#
    Grain: one row per delivery and part, counted in source records, as of the build: a record that a later delivery
    replaced counts as superseded, not as accepted. received = accepted + superseded + rejected in every row.
    Held and withdrawn deliveries state what they would give; totals take active ones only.
#}
with replaced as (

    select
        unit.delivery_seq,
        coalesce(unit.part, '') as part,
        sum(unit.record_count) as replaced_rows
    from {{ ref('stg_delivery_unit') }} as unit
    inner join {{ ref('int_units__superseded') }} as lost
        on unit.contract = lost.contract and unit.unit = lost.unit and unit.delivery_seq = lost.delivery_seq
    group by 1, 2

)

select
    delivery.delivery_id,
    coalesce(part.part, '') as part,
    delivery.source_system,
    delivery.contract,
    delivery.file_name,
    delivery.received_at,
    delivery.state,
    {{ integer('part.received_rows') }} as received_rows,
    {{ integer('part.accepted_rows - coalesce(replaced.replaced_rows, 0)') }} as accepted_rows,
    {{ integer('part.superseded_rows + coalesce(replaced.replaced_rows, 0)') }} as superseded_rows,
    {{ integer('part.rejected_rows') }} as rejected_rows,
    {{ integer('part.exact_duplicate_rows') }} as exact_duplicate_rows,
    part.declared_sums
from {{ ref('stg_delivery_part') }} as part
inner join {{ ref('stg_delivery') }} as delivery on part.delivery_seq = delivery.delivery_seq
left join replaced
    on part.delivery_seq = replaced.delivery_seq and coalesce(part.part, '') = replaced.part
