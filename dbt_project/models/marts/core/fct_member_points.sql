-- Grain: one row per movement on a member's account. Points earned and spent add up to the balance; visits carry none.
with

movements as (
    select
        movement.*,
        coalesce(movement.customer_system, movement.source_system) as system_of_customer
    from {{ ref('stg_member_points') }} as movement
),

final as (
    select
        movements.source_system || ':' || movements.movement_id as movement_key,
        movements.movement_id,
        movements.source_system,
        movements.system_of_customer as customer_system,
        movements.source_customer_key,
        movements.member_since as member_since_date,
        movements.movement_kind,
        coalesce(channel_word.channel, {{ member('movements.channel') }}) as channel,
        {{ member('movements.store_id') }} as store_id,
        case when movements.order_id is not null then movements.system_of_customer || ':' || movements.order_id end
            as order_key,
        movements.points,
        movements.balance_after,
        movements.moved_at,
        {{ reporting_date('movements.moved_at') }} as moved_date,
        {{ lineage_columns('movements') }}
    from movements
    {{ channel_word_lookup('movements.channel') }}
    where movements.moved_at is not null
)

select * from final
