-- A contract with a customer.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('contract', key=['contract_id']) }}
),

final as (
    select
        source_system,
        contract_id,
        contract_name,
        source_customer_key,
        customer_system,
        opportunity_id,
        opportunity_system,
        employee_id,
        region,
        product_line,
        amount,
        upper(trim(currency)) as currency,
        status,
        submitted_at,
        approved_at,
        signed_at,
        is_e_signed,
        is_mobile,
        stated_approval_days,
        stated_signing_days,
        renewal_of_contract_id,
        start_date,
        end_date,
        is_defaulted,
        defaulted_date,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
