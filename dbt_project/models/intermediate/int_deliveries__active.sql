-- Deliveries that count in totals: active ones; held, withdrawn and unrecognised ones do not.
with

deliveries as (
    select * from {{ ref('stg_delivery') }}
),

final as (
    select delivery_seq
    from deliveries
    where is_active
)

select * from final
