-- One row per line of the audit log, as ingestion writes it from the home's log; never a value.
with

events as (
    select * from {{ lake('access_event') }}
),

final as (
    select
        audit_number,
        accessed_at,
        actor,
        role,
        action,
        purpose,
        customer_count,
        is_refused
    from events
)

select * from final
