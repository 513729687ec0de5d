-- A person or organisation as one source system knows it.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('customer', key=['source_customer_key'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        source_customer_key,
        own_key,
        customer_type,
        name_token,
        name_mask,
        normalised_name,
        phone_token,
        phone_mask,
        email_token,
        email_mask,
        national_id_token,
        national_id_mask,
        open_id_token,
        address_token,
        birth_year,
        gender,
        country_code,
        province,
        city,
        district,
        division_code,
        postcode_area,
        industry,
        employee_count,
        annual_revenue,
        quality_grade,
        owner_employee_id,
        referrer_customer_key,
        organisation_key,
        has_consent,
        acquired_channel,
        created_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
