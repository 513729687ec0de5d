-- Grain: one row per community, member and day. Messages and reactions add up; members and customers do not.
with

activity as (
    select * from {{ ref('stg_community_activity') }}
),

final as (
    select
        source_system,
        coalesce(customer_system, source_system) as customer_system,
        source_customer_key,
        platform,
        community_id,
        community_name,
        member_token,
        source_customer_key is not null as is_customer,
        owner_employee_id,
        activity_date,
        {{ integer('coalesce(message_count, 0)') }} as message_count,
        {{ integer('coalesce(reaction_count, 0)') }} as reaction_count,
        coalesce(message_count, 0) + coalesce(reaction_count, 0) > 0 as is_active,
        joined_at,
        {{ lineage_columns('activity') }}
    from activity
)

select * from final
