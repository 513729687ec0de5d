-- Grain: one row per month, seller and sale or refund: what commissions are computed of. Deals and order
-- lines are sales; a refund knows the month and the seller's sale it takes back. Amounts are additive.
with

events as (
    select
        event.*,
        {{ customer_id_column() }},
        {{ period_start('month', 'event.event_date') }} as month_start,
        coalesce(keyed.employee_id, event.employee_id) as seller_id
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}
    {{ employee_lookup('event.employee_id', 'event.event_date', name='keyed') }}
    where event.employee_id is not null and event.event_kind in ('sale', 'deal', 'refund')
),

order_deals as (
    select
        order_key,
        source_system || ':' || opportunity_id as opportunity_key
    from {{ ref('fct_orders') }}
    where opportunity_id is not null
),

sale_months as (
    select
        order_key,
        min(month_start) as sale_month
    from events
    where event_kind = 'sale'
    group by 1
),

final as (
    select
        events.month_start,
        events.seller_id as employee_id,
        events.event_kind,
        events.event_date,
        events.customer_id,
        coalesce(events.opportunity_key, order_deals.opportunity_key) as opportunity_key,
        case when events.event_kind = 'refund' then coalesce(sale_months.sale_month, events.month_start) end
            as sale_month,
        cast(events.revenue_reporting_amount as double) as revenue_amount,
        -- an opportunity that no lead was handled for has nothing to be marked down for
        coalesce(not process.is_compliant and link.opportunity_key is not null, false) as is_unhandled,
        core.customer_id is not null as is_core_customer,
        coalesce({{ period_start('month', 'first.first_purchase_date') }} = events.month_start, false)
            as is_new_customer
    from events
    left join order_deals on events.order_key = order_deals.order_key
    left join sale_months on events.order_key = sale_months.order_key
    left join {{ ref('opportunity_compliance') }} as process
        on coalesce(events.opportunity_key, order_deals.opportunity_key) = process.opportunity_key
    left join (select distinct opportunity_key from {{ ref('int_leads__linked') }}) as link
        on process.opportunity_key = link.opportunity_key
    left join {{ ref('int_core_customers__by_month') }} as core
        on events.customer_id = core.customer_id and events.month_start = core.month_start
    left join {{ ref('first_purchases') }} as first
        on events.customer_id = first.customer_id
    where events.revenue_reporting_amount is not null
)

select * from final
