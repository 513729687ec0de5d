-- Stores by every word that records name them by: their id, and their name where no other store has it.
with

words as (
    select
        store_id as store_key,
        store_id,
        1 as preference
    from {{ ref('dim_store') }}

    union all

    select
        store_name as store_key,
        min(store_id) as store_id,
        2 as preference
    from {{ ref('dim_store') }}
    group by store_name
    having count(*) = 1
),

ranked as (
    select
        words.*,
        row_number() over (partition by store_key order by preference) as place
    from words
),

final as (
    select
        ranked.store_key,
        ranked.store_id,
        store.region
    from ranked
    inner join {{ ref('dim_store') }} as store
        on ranked.store_id = store.store_id
    where ranked.place = 1
)

select * from final
