-- Records of customers with their place, what acquired them, their resolved customer, and their recency among the
-- customer's records (the order of delivery plays no part, so that any order gives the same customer).
{% set texts = [
    'name_mask', 'phone_mask', 'email_mask', 'national_id_mask', 'gender', 'district', 'division_code', 'postcode_area',
    'quality_grade',
] %}
with

links as (
    select * from {{ ref('stg_customer_link') }}
),

leads as (
    select
        lead_record.*,
        row_number() over (
            partition by lead_record.source_system, lead_record.source_customer_key
            order by
                lead_record.updated_at desc nulls last,
                lead_record.created_at desc nulls last,
                lead_record.lead_id asc
        ) as place
    from {{ ref('stg_lead') }} as lead_record
    left join {{ ref('stg_customer') }} as customer
        on
            lead_record.source_system = customer.source_system
            and lead_record.source_customer_key = customer.source_customer_key
    where lead_record.source_customer_key is not null and customer.source_customer_key is null
),

-- customer records, and leads that no customer record stands for yet
customers as (
    select
        source_system,
        source_customer_key,
        customer_type,
        name_token,
        phone_token,
        email_token,
        birth_year,
        country_code,
        province,
        city,
        industry,
        employee_count,
        annual_revenue,
        owner_employee_id,
        referrer_customer_key,
        has_consent,
        acquired_channel,
        created_at,
        updated_at,
        {% for column in texts %}
            {{ column }},
        {% endfor %}
        {{ lineage_columns('customer') }}
    from {{ ref('stg_customer') }} as customer

    union all

    select
        source_system,
        source_customer_key,
        customer_type,
        name_token,
        phone_token,
        email_token,
        cast(null as bigint) as birth_year,
        country_code,
        province,
        city,
        industry,
        employee_count,
        cast(null as decimal(18, 4)) as annual_revenue,
        employee_id as owner_employee_id,
        referrer_customer_key,
        cast(null as boolean) as has_consent,
        lead_source as acquired_channel,
        created_at,
        updated_at,
        {% for column in texts %}
            cast(null as string) as {{ column }},
        {% endfor %}
        {{ lineage_columns('leads') }}
    from leads
    where place = 1
),

-- a link whose record no longer counts (deleted, or its delivery withdrawn) still names a customer
linked as (
    select
        customers.*,
        coalesce(links.source_system, customers.source_system) as record_system,
        coalesce(links.source_customer_key, customers.source_customer_key) as record_key,
        links.customer_id,
        links.rule
    from customers
    full outer join links
        on
            customers.source_system = links.source_system
            and customers.source_customer_key = links.source_customer_key
),

-- what a contract lets be filled stands beside what is stated, never in its place
filled as (
    select
        source_system,
        record_key,
        {{ filled_text('industry') }} as imputed_industry,
        cast(round({{ filled_number('employee_count') }}) as bigint) as imputed_employee_count,
        {{ filled_number('annual_revenue') }} as imputed_annual_revenue
    from {{ ref('int_values__imputed') }}
    where entity = 'customer'
    group by source_system, record_key
),

placed as (
    select
        linked.*,
        filled.imputed_industry,
        filled.imputed_employee_count,
        filled.imputed_annual_revenue,
        coalesce({{ place_region() }}, '(none)') as region,
        {{ place_region_code() }} as region_code,
        coalesce(mapped_channel.marketing_channel, '(none)') as marketing_channel,
        coalesce(owner.employee_id, linked.owner_employee_id) as owner_id,
        coalesce(linked.created_at, linked.updated_at) as first_seen_at
    from linked
    left join filled
        on
            linked.source_system = filled.source_system
            and linked.source_customer_key = filled.record_key
    {{ place_lookup('linked.country_code', 'linked.province') }}
    {{ marketing_channel_lookup('linked.acquired_channel') }}
    {{ employee_lookup('linked.owner_employee_id', as_of_date(), name='owner') }}
),

final as (
    select
        record_system as source_system,
        record_key as source_customer_key,
        customer_id,
        rule,
        case
            when customer_id is not null
                then
                    row_number() over (
                        partition by customer_id
                        order by
                            updated_at desc nulls last, created_at desc nulls last, record_system asc, record_key asc
                    )
        end as recency_rank,
        source_system is not null as has_record,
        customer_type,
        name_token,
        phone_token,
        email_token,
        {% for column in texts %}
            {{ column }},
        {% endfor %}
        birth_year,
        country_code,
        province,
        city,
        region,
        region_code,
        industry,
        employee_count,
        annual_revenue,
        imputed_industry,
        imputed_employee_count,
        imputed_annual_revenue,
        owner_id as owner_employee_id,
        referrer_customer_key,
        has_consent,
        marketing_channel,
        first_seen_at,
        {{ lineage_columns('placed') }}
    from placed
)

select * from final
