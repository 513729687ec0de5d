{#
    Grain: one row per day, source system and owner: customer records that appeared on it, with their required fields and
    how many of these are filled. Additive. A record counts by what it states now.
#}
select
    coalesce({{ reporting_date('record.first_seen_at') }}, {{ as_of_date() }}) as record_date,
    record.source_system,
    {{ member('record.owner_employee_id') }} as employee_id,
    count(*) as record_count,
    {{ integer('sum(link.required_fields)') }} as required_field_count,
    {{ integer('sum(link.filled_required_fields)') }} as filled_required_field_count
from {{ ref('int_customers__resolved') }} as record
inner join {{ ref('customer_links') }} as link
    on record.source_system = link.source_system and record.source_customer_key = link.source_key
where record.has_record
group by 1, 2, 3
