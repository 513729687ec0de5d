{#
    Grain: one row per resolved customer: the days on which the stages of the life cycle were reached, null where not.
    acquired: first record, touch or purchase; activated: first purchase; retained: first repeat purchase that came before
    the customer was at risk; converted: first purchase of a second product line; referring: first purchase of a customer
    who was brought.
#}
with touched as (

    select
        customer_id,
        min(touched_at) as first_touched_at,
        {{ first_stated("nullif(marketing_channel, '(none)')", 'touched_at') }} as first_touch_channel
    from {{ ref('int_touchpoints__of_customers') }}
    group by 1

),

bought as (

    select
        customer_id,
        min(purchase_date) as activated_date,
        min(case when purchase_kind = 'order' then purchase_date end) as first_order_date
    from {{ ref('int_purchases__by_customer') }}
    group by 1

),

repeated as (

    select
        cycle.customer_id,
        min(cycle.purchase_date) as retained_date
    from {{ ref('int_purchase_cycles') }} as cycle
    left join {{ ref('int_customers__risk_spans') }} as span
        on cycle.customer_id = span.customer_id and cycle.purchase_date = span.to_date
    where cycle.purchase_count > 1 and span.customer_id is null
    group by 1

),

lines as (

    select
        customer_id,
        first_date,
        row_number() over (partition by customer_id order by first_date, product_line) as place
    from (
        select
            customer_id,
            product_line,
            min(event_date) as first_date
        from {{ ref('int_revenue__by_customer') }}
        where has_purchase and product_line <> '(none)'
        group by 1, 2
    ) as first_of_line

),

-- who was brought: by the customer's record, or by the lead it came from
brought as (

    select
        referrer_customer_id as customer_id,
        customer_id as brought_customer_id
    from {{ ref('dim_customer') }}
    where referrer_customer_id is not null

    union

    select
        referrer.customer_id,
        brought.customer_id as brought_customer_id
    from {{ ref('fct_leads') }} as lead
    inner join {{ ref('customer_links') }} as referrer
        on lead.source_system = referrer.source_system and lead.referrer_customer_key = referrer.source_key
    inner join {{ ref('customer_links') }} as brought
        on lead.source_system = brought.source_system and lead.source_customer_key = brought.source_key

),

referred as (

    select
        brought.customer_id,
        min(bought.activated_date) as referring_date
    from brought
    inner join bought on brought.brought_customer_id = bought.customer_id
    where brought.customer_id <> brought.brought_customer_id
    group by 1

),

was_brought as (

    select brought_customer_id as customer_id from brought
    where customer_id <> brought_customer_id
    group by 1

)

select
    customer.customer_id,
    least(
        customer.first_seen_date, {{ reporting_date('touched.first_touched_at') }}, bought.activated_date
    ) as acquired_date,
    coalesce(touched.first_touch_channel, customer.marketing_channel) as marketing_channel,
    was_brought.customer_id is not null as is_referred,
    bought.activated_date,
    bought.first_order_date,
    repeated.retained_date,
    lines.first_date as converted_date,
    referred.referring_date
from {{ ref('dim_customer') }} as customer
left join touched on customer.customer_id = touched.customer_id
left join bought on customer.customer_id = bought.customer_id
left join repeated on customer.customer_id = repeated.customer_id
left join lines on customer.customer_id = lines.customer_id and lines.place = 2
left join referred on customer.customer_id = referred.customer_id
left join was_brought on customer.customer_id = was_brought.customer_id
