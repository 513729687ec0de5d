{#
    Grain: one row per customer, state, item and day on which the item begins to hold (two of a day may be there twice);
    it holds until to_date (exclusive, null for good). A state of several items holds while enough of them do
    (int_customers__state_spans).
#}
select
    customer_id,
    'active' as state,
    'order' as item,
    paid_date as from_date,
    {{ add_days('paid_date', var('active_customer_days')) }} as to_date
from {{ ref('int_paid_orders__by_customer') }}

union all

select
    customer_id,
    'paying' as state,
    'purchase' as item,
    purchase_date as from_date,
    {{ add_months('purchase_date', var('trailing_months') | int) }} as to_date
from {{ ref('int_purchases__by_customer') }}

union all

select
    customer_id,
    'several_lines' as state,
    product_line as item,
    event_date as from_date,
    {{ add_months('event_date', var('trailing_months') | int) }} as to_date
from {{ ref('int_revenue__by_customer') }}
where has_purchase and product_line <> '(none)'

union all

select
    purchase.customer_id,
    'online_and_offline' as state,
    case when channel.is_online then 'online' else 'offline' end as item,
    purchase.purchase_date as from_date,
    {{ add_months('purchase.purchase_date', var('trailing_months') | int) }} as to_date
from {{ ref('int_purchases__by_customer') }} as purchase
inner join {{ ref('dim_channel') }} as channel on purchase.channel = channel.channel
where channel.is_online is not null

union all

select
    customer_id,
    'at_risk' as state,
    'rule' as item,
    from_date,
    to_date
from {{ ref('int_customers__risk_spans') }}

union all

select
    customer_id,
    'known' as state,
    'record' as item,
    acquired_date as from_date,
    cast(null as date) as to_date
from {{ ref('int_customers__milestones') }}
where acquired_date <= {{ as_of_date() }}

union all

select
    customer_id,
    'in_wecom' as state,
    'record' as item,
    min({{ reporting_date('first_seen_at') }}) as from_date,
    cast(null as date) as to_date
from {{ ref('int_customers__resolved') }}
where source_system in ({{ kpi_texts(var('wecom_source_systems')) }}) and customer_id is not null and has_record
group by customer_id

union all

select
    customer_id,
    'member' as state,
    'account' as item,
    member_since_date as from_date,
    cast(null as date) as to_date
from {{ ref('int_members') }}

union all

select
    member.customer_id,
    'active_member' as state,
    'order' as item,
    paid.paid_date as from_date,
    {{ add_days('paid.paid_date', var('active_member_days')) }} as to_date
from {{ ref('int_members') }} as member
inner join {{ ref('int_paid_orders__by_customer') }} as paid
    on member.customer_id = paid.customer_id and member.member_since_date <= paid.paid_date

union all

select
    {{ customer_id_column() }},
    'active_member' as state,
    'movement' as item,
    movement.moved_date as from_date,
    {{ add_days('movement.moved_date', var('active_member_days')) }} as to_date
from {{ ref('fct_member_points') }} as movement
{{ customer_id_lookup('movement', 'customer_system') }}
where {{ customer_id_column() }} is not null and movement.moved_date <= {{ as_of_date() }}
