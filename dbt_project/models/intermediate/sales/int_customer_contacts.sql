{# Grain: one row per known customer and day of contact (activities that took place, record updates aside). #}
select
    {{ customer_id_column() }},
    activity.activity_date as contact_date,
    {{ any_true("activity.activity_kind = 'visit'") }} as has_visit,
    {{ any_true("activity.activity_kind in ('visit', 'call', 'meeting')") }} as has_call_back,
    {{ integer("sum(case when activity.activity_kind = 'visit' then 1 else 0 end)") }} as visit_count,
    min(case when activity.activity_kind = 'visit' then activity.employee_id end) as visitor_id
from {{ ref('fct_activities') }} as activity
{{ customer_id_lookup('activity') }}
where
    activity.is_done
    and activity.activity_kind <> 'record_update'
    and activity.activity_date <= {{ as_of_date() }}
    and {{ customer_id_column() }} is not null
group by 1, 2
