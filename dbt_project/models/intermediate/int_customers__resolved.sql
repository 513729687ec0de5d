-- Source customer records with their place, what acquired them, their resolved customer, and their recency among the
-- customer's records (the order of delivery plays no part, so that any order gives the same customer).
with

customers as (
    select * from {{ ref('stg_customer') }}
),

placed as (
    select
        customers.*,
        customer_link.customer_id,
        customer_link.rule,
        coalesce({{ place_region() }}, '(none)') as region,
        {{ place_region_code() }} as region_code,
        coalesce(mapped_channel.marketing_channel, '(none)') as marketing_channel,
        coalesce(owner.employee_id, customers.owner_employee_id) as owner_id,
        coalesce(customers.created_at, customers.updated_at) as first_seen_at
    from customers
    left join {{ ref('stg_customer_link') }} as customer_link
        on
            customers.source_system = customer_link.source_system
            and customers.source_customer_key = customer_link.source_customer_key
    {{ place_lookup('customers.country_code', 'customers.province') }}
    {{ marketing_channel_lookup('customers.acquired_channel') }}
    {{ employee_lookup('customers.owner_employee_id', as_of_date(), name='owner') }}
),

final as (
    select
        source_system,
        source_customer_key,
        customer_id,
        rule,
        case
            when customer_id is not null
                then row_number() over (
                    partition by customer_id
                    order by updated_at desc nulls last, created_at desc nulls last, source_system, source_customer_key
                )
        end as recency_rank,
        customer_type,
        name_token,
        name_mask,
        phone_token,
        phone_mask,
        email_token,
        email_mask,
        national_id_mask,
        birth_year,
        gender,
        country_code,
        province,
        city,
        district,
        region,
        region_code,
        postcode_area,
        industry,
        employee_count,
        annual_revenue,
        quality_grade,
        owner_id as owner_employee_id,
        referrer_customer_key,
        has_consent,
        marketing_channel,
        first_seen_at,
        {{ lineage_columns('placed') }}
    from placed
)

select * from final
