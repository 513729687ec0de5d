-- What a member did in a community on a day.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('community_activity', key=[
        'platform',
        'community_id',
        'member_token',
        'activity_date'
    ]) }}
),

final as (
    select
        source_system,
        platform,
        community_id,
        community_name,
        member_token,
        source_customer_key,
        customer_system,
        owner_employee_id,
        activity_date,
        message_count,
        reaction_count,
        joined_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
