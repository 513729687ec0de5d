{#
    Grain: one row per ticket or chat with its place, product line, customer and times. Response time of tickets is
    working time (of complaints 24 h a working day), of chats the clock's.
#}
with tickets as (

    select
        ticket.*,
        ticket.source_system || ':' || ticket.ticket_id as ticket_key,
        coalesce(ticket.customer_system, ticket.source_system) as customer_of_system,
        {{ reporting_date('ticket.created_at') }} as created_date
    from {{ ref('stg_ticket') }} as ticket

),

placed as (

    select
        tickets.*,
        coalesce(
            region_word.region,
            nullif(trim(tickets.region), ''),
            nullif({{ place_region() }}, '(none)'),
            nullif(customer.region, '(none)'),
            employee.region,
            '(none)'
        ) as sales_region,
        {{ member('coalesce(product.product_line, tickets.product_line)') }} as line_of_product,
        coalesce(employee.employee_id, tickets.employee_id) as agent_id,
        employee.team,
        {{ working_days_between('tickets.created_at', 'opened', 'tickets.first_responded_at', 'answered', 12) }}
            as response_working_days,
        {{ working_hours_between('tickets.created_at', 'opened', 'tickets.first_responded_at', 'answered', 12) }}
            as response_working_hours
    from tickets
    left join {{ ref('int_customers__resolved') }} as customer
        on
            tickets.customer_of_system = customer.source_system
            and tickets.source_customer_key = customer.source_customer_key
    left join {{ ref('dim_product') }} as product on tickets.product_id = product.product_id
    {{ region_word_lookup('tickets.region') }}
    {{ place_lookup("cast(null as string)", 'tickets.province') }}
    {{ employee_lookup('tickets.employee_id', 'tickets.created_date') }}
    {{ working_time_lookup('tickets.created_at', 'opened') }}
    {{ working_time_lookup('tickets.first_responded_at', 'answered') }}

)

select
    ticket_key,
    ticket_id,
    source_system,
    customer_of_system as customer_system,
    source_customer_key,
    coalesce(ticket_kind, 'other') as ticket_kind,
    contact_channel,
    sales_region as region,
    line_of_product as product_line,
    product_id,
    {{ unguarded('order_id') }} as order_id,
    case when device_id is not null then source_system || ':' || device_id end as device_key,
    agent_id as employee_id,
    team,
    {{ member('priority') }} as priority,
    {{ member('cause') }} as cause,
    status,
    is_bot_begun,
    is_bot_closed,
    message_count,
    created_at,
    first_responded_at,
    handed_over_at,
    coalesce(solved_at, closed_at) as solved_at,
    called_back_at,
    is_call_back_confirmed,
    created_date,
    case when first_responded_at >= created_at then {{ elapsed_hours('created_at', 'first_responded_at') }} end
        as response_clock_hours,
    case
        when first_responded_at < created_at then null
        when ticket_kind = 'chat' then {{ elapsed_hours('created_at', 'first_responded_at') }}
        when ticket_kind = 'complaint' then round(response_working_days * 24, 9)
        else round(response_working_hours, 9)
    end as first_response_hours,
    case
        when coalesce(solved_at, closed_at) >= created_at
            then {{ elapsed_hours('created_at', 'coalesce(solved_at, closed_at)') }}
    end as resolution_hours,
    {{ lineage_columns('placed') }}
from placed
