-- Order heads with channel, region, seller, days in the reporting time zone and the rate of their day. An order is paid
-- when it has a payment time and was not cancelled before; a later refund does not unpay it.
{% set same_country = '(orders.country_code is null or orders.country_code = customer.country_code)' %}
with

orders as (
    select
        order_head.*,
        order_head.source_system || ':' || order_head.order_id as order_key,
        {{ reporting_date('order_head.ordered_at') }} as ordered_date,
        {{ reporting_date('order_head.paid_at') }} as paid_date,
        order_head.paid_at is not null
        and (order_head.cancelled_at is null or order_head.cancelled_at >= order_head.paid_at) as is_paid
    from {{ ref('stg_order') }} as order_head
),

-- an order without a province takes the customer's place, unless it goes to another country
placed as (
    select
        orders.*,
        coalesce(channel_word.channel, lower(nullif(trim(orders.channel), '')), '(none)') as sales_channel,
        coalesce(
            region_word.region,
            nullif(trim(orders.region), ''),
            nullif(store.region, '(none)'),
            place_province.sales_region,
            case when {{ same_country }} then nullif(customer.region, '(none)') end,
            nullif(place_country.sales_region, '(none)'),
            '(none)'
        ) as sales_region,
        coalesce(
            place_province.region_code,
            case when {{ same_country }} then nullif(customer.region_code, '(none)') end,
            place_country.country_code,
            '(none)'
        ) as region_code,
        case when place_province.region_code is not null then nullif(trim(orders.city), '') end as stated_city,
        coalesce(mapped_channel.marketing_channel, '(none)') as marketing_channel,
        coalesce(employee.employee_id, orders.employee_id) as seller_id,
        employee.team,
        -- a till may name its store instead of giving the id
        coalesce(store.store_id, nullif(trim(orders.store_id), '')) as sales_store_id,
        coalesce(orders.paid_date, orders.ordered_date) as rate_date,
        {{ exchange_rate('orders.currency') }} as exchange_rate
    from orders
    {{ channel_word_lookup('orders.channel') }}
    {{ region_word_lookup('orders.region') }}
    left join {{ ref('int_stores__keyed') }} as store
        on trim(orders.store_id) = store.store_key
    {{ place_lookup('orders.country_code', 'orders.province') }}
    left join {{ ref('int_customers__resolved') }} as customer
        on
            orders.source_system = customer.source_system
            and orders.source_customer_key = customer.source_customer_key
    {{ marketing_channel_lookup('orders.referrer') }}
    {{ employee_lookup('orders.employee_id', 'orders.ordered_date') }}
    {{ exchange_rate_lookup('orders.currency', 'coalesce(orders.paid_date, orders.ordered_date)') }}
),

final as (
    select
        order_key,
        order_id,
        source_system,
        source_customer_key,
        opportunity_id,
        sales_channel as channel,
        sales_region as region,
        region_code,
        stated_city as city,
        seller_id as employee_id,
        team,
        sales_store_id as store_id,
        status,
        marketing_channel,
        discount_code,
        ordered_at,
        paid_at,
        cancelled_at,
        completed_at,
        ordered_date,
        paid_date,
        is_paid,
        currency,
        rate_date,
        exchange_rate,
        item_amount,
        freight_amount,
        tax_amount,
        discount_amount,
        total_amount,
        updated_at,
        {{ lineage_columns('placed') }}
    from placed
)

select * from final
