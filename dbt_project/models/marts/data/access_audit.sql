{#
    Grain: one row per day, role and kind of access to personal data (read, reveal, export, change). Counts are additive.
    A violation is an access outside the role or without a purpose, refused or not.
#}
with events as (

    select
        {{ reporting_date('accessed_at') }} as access_date,
        {{ member('role') }} as role,
        case
            when action like 'reveal%' then 'reveal'
            when action like 'export%' then 'export'
            when action like 'read%' then 'read'
            else 'change'
        end as access_kind,
        coalesce(customer_count, 1) as customer_count,
        coalesce(is_refused, false)
        or nullif(trim(purpose), '') is null
        or nullif(trim(role), '') is null as is_violation
    from {{ ref('stg_access_event') }}

)

select
    access_date,
    role,
    access_kind,
    {{ integer('count(*)') }} as access_count,
    {{ integer('sum(customer_count)') }} as customer_count,
    {{ integer('sum(case when is_violation then 1 else 0 end)') }} as violation_count
from events
group by 1, 2, 3
