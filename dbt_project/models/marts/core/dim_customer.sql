-- Grain: one row per resolved customer. Each attribute is the latest that any of the customer's records states.
{% set latest = [
    'customer_type', 'name_token', 'name_mask', 'phone_token', 'phone_mask', 'email_token', 'email_mask',
    'national_id_mask', 'birth_year', 'gender', 'postcode_area', 'industry', 'employee_count', 'annual_revenue',
    'quality_grade', 'owner_employee_id', 'has_consent', 'imputed_industry', 'imputed_employee_count',
    'imputed_annual_revenue',
] %}
with

records as (
    select
        customers.*,
        referrer.customer_id as referrer_customer_id,
        case when customers.region <> '(none)' then customers.recency_rank end as place_rank,
        case when customers.marketing_channel <> '(none)' then customers.marketing_channel end as stated_channel
    from {{ ref('int_customers__resolved') }} as customers
    left join {{ ref('int_customers__resolved') }} as referrer
        on
            customers.source_system = referrer.source_system
            and customers.referrer_customer_key = referrer.source_customer_key
    where customers.customer_id is not null
),

attributes as (
    select
        customer_id,
        {% for column in latest %}
            {{ first_stated(column, 'recency_rank') }} as {{ column }},
        {% endfor %}
        {{ first_stated('referrer_customer_id', 'recency_rank') }} as referrer_customer_id,
        {{ first_stated('stated_channel', '-recency_rank') }} as marketing_channel,
        coalesce(min(place_rank), min(recency_rank)) as place_rank,
        min(first_seen_at) as first_seen_at,
        sum(case when has_record then 1 else 0 end) as source_count,
        {{ list_distinct('source_system') }} as source_systems
    from records
    group by customer_id
),

final as (
    select
        attributes.customer_id,
        attributes.customer_type,
        attributes.name_token,
        attributes.name_mask,
        attributes.phone_token,
        attributes.phone_mask,
        attributes.email_token,
        attributes.email_mask,
        attributes.national_id_mask,
        attributes.birth_year,
        {{ age_band("extract(year from " ~ as_of_date() ~ ") - attributes.birth_year") }} as age_band,
        attributes.gender,
        place.country_code,
        place.region_code,
        place.region,
        place.province,
        place.city,
        place.district,
        place.division_code,
        attributes.postcode_area,
        {{ member('coalesce(attributes.industry, attributes.imputed_industry)') }} as industry,
        attributes.industry is null and attributes.imputed_industry is not null as is_industry_imputed,
        {{ is_industry_emerging('coalesce(attributes.industry, attributes.imputed_industry)') }}
            as is_industry_emerging,
        coalesce(attributes.employee_count, attributes.imputed_employee_count) as employee_count,
        attributes.employee_count is null
        and attributes.imputed_employee_count is not null as is_employee_count_imputed,
        coalesce(attributes.annual_revenue, attributes.imputed_annual_revenue) as annual_revenue,
        attributes.annual_revenue is null
        and attributes.imputed_annual_revenue is not null as is_annual_revenue_imputed,
        attributes.quality_grade,
        attributes.owner_employee_id,
        attributes.referrer_customer_id,
        attributes.has_consent,
        coalesce(attributes.marketing_channel, '(none)') as marketing_channel,
        attributes.first_seen_at,
        {{ reporting_date('attributes.first_seen_at') }} as first_seen_date,
        {{ integer('attributes.source_count') }} as source_count,
        attributes.source_systems
    from attributes
    inner join records as place
        on
            attributes.customer_id = place.customer_id
            and attributes.place_rank = place.recency_rank
)

select * from final
