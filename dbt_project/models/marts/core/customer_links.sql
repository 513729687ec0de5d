-- Grain: one row per source customer record. The map through which facts get their customer_id, late.
with

links as (
    select * from {{ ref('stg_customer_link') }}
),

customers as (
    select * from {{ ref('int_customers__resolved') }}
),

deliveries as (
    select * from {{ ref('stg_delivery') }}
),

final as (
    select
        links.source_system,
        links.source_customer_key as source_key,
        links.customer_id,
        deliveries.delivery_id as since_delivery_id,
        links.rule,
        links.probability,
        {{ integer(4) }} as required_fields,
        {{ integer(
            "case when customers.name_token is not null or customers.name_mask is not null then 1 else 0 end"
            ~ " + case when customers.phone_token is not null or customers.email_token is not null then 1 else 0 end"
            ~ " + case when coalesce(customers.region, '(none)') <> '(none)' then 1 else 0 end"
            ~ " + case when customers.customer_type is not null then 1 else 0 end"
        ) }} as filled_required_fields
    from links
    left join customers
        on
            links.source_system = customers.source_system
            and links.source_customer_key = customers.source_customer_key
    left join deliveries
        on links.since_delivery_seq = deliveries.delivery_seq
)

select * from final
