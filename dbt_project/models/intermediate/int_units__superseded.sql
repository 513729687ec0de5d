-- Units that lost: of all active deliveries that hold a unit, the one with the greatest version (nulls last), then tie,
-- then delivery number wins. Units that one delivery holds cost one aggregate and nothing else.
with

units as (
    select unit_row.*
    from {{ ref('stg_delivery_unit') }} as unit_row
    inner join {{ ref('int_deliveries__active') }} as active
        on unit_row.delivery_seq = active.delivery_seq
),

contested as (
    select
        contract,
        unit
    from units
    group by contract, unit
    having min(delivery_seq) <> max(delivery_seq)
),

-- a unit may lie in several parts of one delivery: they win or lose together
candidates as (
    select
        units.contract,
        units.unit,
        units.delivery_seq,
        max(units.version_at) as version_at,
        max(units.tie) as tie
    from units
    inner join contested
        on
            units.contract = contested.contract
            and units.unit = contested.unit
    group by units.contract, units.unit, units.delivery_seq
),

ranked as (
    select
        contract,
        unit,
        delivery_seq,
        row_number() over (
            partition by contract, unit
            order by version_at desc nulls last, tie desc nulls last, delivery_seq desc
        ) as place
    from candidates
),

final as (
    select
        contract,
        unit,
        delivery_seq
    from ranked
    where place > 1
)

select * from final
