{#
    Grain: one row per offline event or material and day: costs and responses on the event's days, new customers on the day
    of their first purchase. A customer came by an event when the last touch with a code before the first purchase has its
    code. Additive; response rate and cost per customer are sum over sum. Money in the reporting currency.
#}
with events as (

    select
        event_key,
        response_code,
        {{ member('coalesce(campaign_id, event_id)') }} as campaign_id,
        min(event_name) over (partition by event_key) as event_name,
        event_kind,
        region,
        event_date,
        cost_reporting_amount,
        handed_out,
        coded_responses,
        attendees
    from {{ ref('fct_offline_events') }}
    where event_date is not null

),

codes as (

    select
        response_code,
        min(event_key) as event_key,
        min(campaign_id) as campaign_id,
        min(event_name) as event_name,
        min(event_kind) as event_kind,
        min(region) as region
    from events
    where response_code is not null
    group by 1

),

coded as (

    select
        purchase.customer_id,
        purchase.first_purchase_date,
        touch.event_code,
        row_number() over (
            partition by purchase.customer_id order by touch.touched_at desc, touch.touchpoint_key desc
        ) as place
    from {{ ref('first_purchases') }} as purchase
    inner join {{ ref('int_conversions__valued') }} as conversion
        on
            purchase.first_purchase_kind = conversion.conversion_kind
            and purchase.first_purchase_key = conversion.conversion_key
    inner join (
        select
            source_touch.event_code,
            source_touch.touched_at,
            source_touch.touchpoint_key,
            {{ customer_id_column() }}
        from {{ ref('fct_touchpoints') }} as source_touch
        {{ customer_id_lookup('source_touch', 'customer_system') }}
        where source_touch.event_code is not null
    ) as touch
        on
            purchase.customer_id = touch.customer_id
            and conversion.converted_at >= touch.touched_at
            and {{ elapsed_days('touch.touched_at', 'conversion.converted_at') }}
            <= {{ var('attribution_window_days') }}

),

bought as (

    select
        coded.customer_id,
        coded.event_code,
        coded.first_purchase_date,
        sum(coalesce(sale.revenue_reporting_amount, 0)) as revenue
    from coded
    left join (
        select
            event.event_date,
            event.revenue_reporting_amount,
            {{ customer_id_column() }}
        from {{ ref('revenue_events') }} as event
        {{ customer_id_lookup('event') }}
    ) as sale
        on
            coded.customer_id = sale.customer_id
            and coded.first_purchase_date <= sale.event_date
            and {{ add_months('coded.first_purchase_date', var('event_value_months')) }} > sale.event_date
    where coded.place = 1
    group by 1, 2, 3

),

parts as (

    select
        event_key,
        campaign_id,
        event_name,
        event_kind,
        region,
        event_date as performance_date,
        cost_reporting_amount as cost,
        handed_out,
        coded_responses,
        attendees,
        0 as new_customers,
        0 as six_month_revenue
    from events

    union all

    select
        codes.event_key,
        codes.campaign_id,
        codes.event_name,
        codes.event_kind,
        codes.region,
        bought.first_purchase_date as performance_date,
        0 as cost,
        0 as handed_out,
        0 as coded_responses,
        0 as attendees,
        1 as new_customers,
        bought.revenue as six_month_revenue
    from bought
    inner join codes on bought.event_code = codes.response_code

)

select
    event_key,
    performance_date,
    max(campaign_id) as campaign_id,
    max(event_name) as event_name,
    max(event_kind) as event_kind,
    max(region) as region,
    {{ money('sum(coalesce(cost, 0))') }} as cost,
    {{ integer('sum(coalesce(handed_out, 0))') }} as handed_out,
    {{ integer('sum(coalesce(coded_responses, 0))') }} as coded_responses,
    {{ integer('sum(coalesce(attendees, 0))') }} as attendees,
    {{ integer('sum(new_customers)') }} as new_customers,
    {{ money('sum(six_month_revenue)') }} as six_month_revenue
from parts
group by 1, 2
