{#
    Grain: one row per customer whose segment or tier asks for contacts, and month: whether it had them on the month's
    last day, or on the run's day in the month that is not over. A state: months do not add up, but the share over months
    is the share of months covered. Segments are those last kept by that day, tiers those settled before its quarter.
#}
{% set tiers = "', '".join(var('contact_call_back_tiers')) %}
with months as (

    select
        month_start_date as month_start,
        least(max(date_day), {{ as_of_date() }}) as snapshot_date
    from {{ ref('dim_date') }}
    where month_start_date <= {{ as_of_date() }}
    group by 1

),

-- the segments that hold on a day: those of the last quarter end kept, or of the run's day
kept as (

    select
        as_of_date,
        lead(as_of_date) over (order by as_of_date) as next_as_of_date
    from (select distinct segment.as_of_date from {{ ref('rfm_segments') }} as segment) as days

),

segments as (

    select
        months.month_start,
        months.snapshot_date,
        segment.customer_id,
        segment.segment,
        earlier.segment as earlier_segment
    from months
    inner join kept
        on
            months.snapshot_date >= kept.as_of_date
            and (kept.next_as_of_date is null or months.snapshot_date < kept.next_as_of_date)
    inner join {{ ref('rfm_segments') }} as segment on kept.as_of_date = segment.as_of_date
    left join kept as kept_before on kept.as_of_date = kept_before.next_as_of_date
    left join {{ ref('rfm_segments') }} as earlier
        on kept_before.as_of_date = earlier.as_of_date and segment.customer_id = earlier.customer_id

),

asked as (

    select
        segments.*,
        coalesce(tier.customer_tier, '(none)') as customer_tier,
        case
            when segments.segment = 'core' then 'core'
            when segments.segment = 'potential' then 'potential'
            when segments.segment = 'general' and segments.earlier_segment = 'lost' then 'won_back'
        end as cadence,
        coalesce(tier.customer_tier in ('{{ tiers }}'), false) as needs_call_back
    from segments
    {{ customer_tier_lookup('segments.customer_id', 'segments.snapshot_date') }}

),

contacted as (

    select
        asked.month_start,
        asked.customer_id,
        max(contact.contact_date) as last_contact_date,
        min({{ days_between('contact.contact_date', 'asked.snapshot_date') }}) as contact_days,
        max(case when contact.has_visit then contact.contact_date end) as last_visit_date,
        min(case when contact.has_visit then {{ days_between('contact.contact_date', 'asked.snapshot_date') }} end)
            as visit_days,
        max(case when contact.has_call_back then contact.contact_date end) as last_call_back_date,
        {{ first_stated('contact.visitor_id', days_between('contact.contact_date', 'asked.snapshot_date')) }}
            as visitor_id
    from asked
    inner join {{ ref('int_customer_contacts') }} as contact
        on asked.customer_id = contact.customer_id and asked.snapshot_date >= contact.contact_date
    where asked.cadence is not null or asked.needs_call_back
    group by 1, 2

),

judged as (

    select
        asked.*,
        contacted.last_contact_date,
        contacted.last_visit_date,
        contacted.last_call_back_date,
        customer.region,
        coalesce(customer.owner_employee_id, contacted.visitor_id) as owner_id,
        coalesce(
            case asked.cadence
                when 'core' then contacted.visit_days >= {{ var('contact_core_visit_days') }}
                when 'potential' then contacted.contact_days >= {{ var('contact_potential_days') }}
                when 'won_back' then contacted.contact_days >= {{ var('contact_won_back_days') }}
            end, asked.cadence is not null
        ) as is_cadence_overdue,
        asked.needs_call_back
        and coalesce(
            contacted.last_call_back_date
            <= {{ add_months('asked.snapshot_date', -(var('contact_call_back_months') | int)) }}, true
        ) as is_call_back_overdue
    from asked
    left join contacted
        on asked.month_start = contacted.month_start and asked.customer_id = contacted.customer_id
    left join {{ ref('dim_customer') }} as customer on asked.customer_id = customer.customer_id
    where asked.cadence is not null or asked.needs_call_back

)

select
    month_start,
    snapshot_date,
    customer_id,
    coalesce(region, '(none)') as region,
    {{ member('owner_id') }} as employee_id,
    customer_tier,
    segment,
    cadence,
    needs_call_back,
    last_contact_date,
    last_visit_date,
    last_call_back_date,
    coalesce(cadence = 'core' and is_cadence_overdue, false) as is_visit_overdue,
    is_cadence_overdue,
    is_call_back_overdue,
    not is_cadence_overdue and not is_call_back_overdue as is_covered
from judged
