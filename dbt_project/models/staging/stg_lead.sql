-- A lead, as a CRM knows it.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('lead', key=['lead_id'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        lead_id,
        source_customer_key,
        customer_type,
        name_token,
        phone_token,
        email_token,
        company_name,
        industry,
        employee_count,
        country_code,
        province,
        city,
        division_code,
        lead_source,
        campaign_id,
        landing_page,
        employee_id,
        status,
        is_valid,
        is_accepted,
        has_budget,
        is_decision_maker,
        purchase_months,
        score,
        referrer_customer_key,
        opportunity_id,
        created_at,
        assigned_at,
        graded_at,
        first_contacted_at,
        followed_up_at,
        converted_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
