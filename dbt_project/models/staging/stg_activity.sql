-- Something an employee (or an automatic rule) did for a customer, lead or deal.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('activity', key=['activity_id'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        activity_id,
        activity_kind,
        subject,
        notes,
        employee_id,
        source_customer_key,
        lead_id,
        opportunity_id,
        campaign_id,
        marketing_channel,
        status,
        is_first_contact,
        is_outbound,
        is_mobile,
        trigger,
        outcome,
        amount,
        cost_amount,
        upper(trim(currency)) as currency,
        country_code,
        province,
        city,
        district,
        address_token,
        duration_minutes,
        started_at,
        ended_at,
        decided_at,
        created_at,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
