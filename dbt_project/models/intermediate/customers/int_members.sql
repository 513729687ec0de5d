{# Grain: one row per known customer with a member's account: since when, and the channel of the first movement. #}
select
    {{ customer_id_column() }},
    min(least(coalesce(movement.member_since_date, movement.moved_date), movement.moved_date)) as member_since_date,
    {{ first_stated('movement.channel', 'movement.moved_at') }} as channel
from {{ ref('fct_member_points') }} as movement
{{ customer_id_lookup('movement', 'customer_system') }}
where {{ customer_id_column() }} is not null and movement.moved_date <= {{ as_of_date() }}
group by 1
