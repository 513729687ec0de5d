-- What a CRM knows of an organisation beyond its row in customer, under the same key.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('account', key=['source_customer_key'], latest_by=['updated_at']) }}
),

final as (
    select
        source_system,
        source_customer_key,
        account_type,
        parent_customer_key,
        success_employee_id,
        is_key_account,
        is_emerging_industry,
        industry_growth,
        has_expansion_plan,
        cooperation_depth,
        purchase_potential,
        credit_rating,
        customer_since_date,
        last_activity_date,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
