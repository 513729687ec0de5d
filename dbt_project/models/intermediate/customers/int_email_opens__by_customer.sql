{# Grain: one row per known customer and day on which a person, not a machine, opened an email or clicked in it. #}
select distinct
    {{ customer_id_column() }},
    {{ reporting_date('event.event_at') }} as opened_date
from {{ ref('stg_email_event') }} as event
{{ customer_id_lookup('event', 'customer_system') }}
where
    event.event_type in ('opened', 'clicked')
    and not coalesce(event.is_machine, false)
    and event.event_at <= {{ as_of() }}
    and {{ customer_id_column() }} is not null
