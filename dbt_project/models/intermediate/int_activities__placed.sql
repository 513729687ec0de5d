-- Activities with the lead and deal they were for, their place, and reporting amounts at the rate of their day.
-- The customer is the activity's own, else the deal's or the lead's.
with

activities as (
    select
        activity.*,
        activity.source_system || ':' || activity.activity_id as activity_key,
        {{ reporting_date('coalesce(activity.started_at, activity.created_at)') }} as activity_date
    from {{ ref('stg_activity') }} as activity
),

joined as (
    select
        activities.*,
        lead_record.lead_key,
        deal.opportunity_key,
        coalesce(
            activities.source_customer_key, deal.source_customer_key, lead_record.source_customer_key
        ) as customer_key,
        deal.product_line,
        coalesce(mapped_channel.marketing_channel, deal.marketing_channel, lead_record.marketing_channel, '(none)')
            as channel_of_touch,
        coalesce(employee.employee_id, activities.employee_id) as actor_id,
        employee.team,
        coalesce(
            nullif({{ place_region() }}, '(none)'),
            nullif(deal.region, '(none)'),
            nullif(lead_record.region, '(none)'),
            nullif(customer.region, '(none)'),
            employee.region,
            '(none)'
        ) as sales_region,
        {{ exchange_rate('activities.currency') }} as exchange_rate
    from activities
    left join {{ ref('int_leads__scored') }} as lead_record
        on
            activities.source_system = lead_record.source_system
            and activities.lead_id = lead_record.lead_id
    left join {{ ref('int_opportunities__staged') }} as deal
        on
            activities.source_system = deal.source_system
            and activities.opportunity_id = deal.opportunity_id
    left join {{ ref('int_customers__resolved') }} as customer
        on
            activities.source_system = customer.source_system
            and activities.source_customer_key = customer.source_customer_key
    {{ place_lookup('activities.country_code', 'activities.province') }}
    {{ marketing_channel_lookup('activities.marketing_channel') }}
    {{ employee_lookup('activities.employee_id', 'activities.activity_date') }}
    {{ exchange_rate_lookup('activities.currency', 'activities.activity_date') }}
)

select
    activity_key,
    activity_id,
    source_system,
    customer_key as source_customer_key,
    coalesce(activity_kind, 'other') as activity_kind,
    -- without a status, what lies before the build's clock took place
    coalesce(
        status,
        case when coalesce(started_at, created_at) <= {{ as_of() }} then 'done' else 'planned' end
    ) as status,
    sales_region as region,
    {{ member('product_line') }} as product_line,
    channel_of_touch as marketing_channel,
    campaign_id,
    actor_id as employee_id,
    team,
    lead_id,
    lead_key,
    opportunity_id,
    opportunity_key,
    coalesce(is_first_contact, false) as is_first_contact,
    is_outbound,
    is_mobile,
    trigger,
    lower(trim(outcome)) as outcome,
    currency,
    exchange_rate,
    amount,
    {{ at_rate('amount', 'exchange_rate') }} as reporting_amount,
    cost_amount,
    {{ at_rate('cost_amount', 'exchange_rate') }} as cost_reporting_amount,
    duration_minutes,
    coalesce(started_at, created_at) as happened_at,
    decided_at,
    activity_date,
    {{ lineage_columns('joined') }}
from joined
