-- Grain: one row per contract at its latest state. Days are working days and not additive; a contract is renewed when
-- another one that names it was signed.
with

contracts as (
    select
        contract.*,
        contract.source_system || ':' || contract.contract_id as contract_key,
        coalesce(contract.customer_system, contract.source_system) as key_system,
        coalesce(contract.opportunity_system, contract.customer_system, contract.source_system) as deal_system,
        {{ reporting_date('contract.submitted_at') }} as submitted_date,
        {{ reporting_date('contract.approved_at') }} as approved_date,
        {{ reporting_date('contract.signed_at') }} as signed_date,
        coalesce(
            {{ reporting_date('contract.signed_at') }},
            {{ reporting_date('contract.submitted_at') }},
            {{ reporting_date('contract.updated_at') }},
            contract.start_date
        ) as rate_date
    from {{ ref('stg_contract') }} as contract
),

renewals as (
    select
        source_system,
        renewal_of_contract_id as contract_id,
        min(signed_at) as renewed_at
    from {{ ref('stg_contract') }}
    where renewal_of_contract_id is not null and signed_at is not null
    group by source_system, renewal_of_contract_id
),

final as (
    select
        contracts.contract_key,
        contracts.contract_id,
        contracts.source_system,
        contracts.key_system as customer_system,
        contracts.source_customer_key,
        case when contracts.opportunity_id is not null then contracts.deal_system || ':' || contracts.opportunity_id end
            as opportunity_key,
        coalesce(
            region_word.region, nullif(trim(contracts.region), ''), nullif(employee.region, '(none)'), '(none)'
        ) as region,
        coalesce(nullif(trim(contracts.product_line), ''), '(none)') as product_line,
        coalesce(employee.employee_id, contracts.employee_id) as employee_id,
        employee.team,
        coalesce(tier.customer_tier, '(none)') as customer_tier,
        contracts.currency,
        {{ exchange_rate('contracts.currency') }} as exchange_rate,
        contracts.amount,
        {{ at_rate('contracts.amount', exchange_rate('contracts.currency')) }} as reporting_amount,
        contracts.status,
        contracts.submitted_at,
        contracts.approved_at,
        contracts.signed_at,
        contracts.submitted_date,
        contracts.approved_date,
        contracts.signed_date,
        {{ working_days_between('contracts.submitted_at', 'submission', 'contracts.approved_at', 'approval') }}
            as approval_working_days,
        {{ working_days_between('contracts.approved_at', 'approval', 'contracts.signed_at', 'signature') }}
            as signing_working_days,
        contracts.stated_approval_days,
        contracts.stated_signing_days,
        contracts.signed_at is not null as is_signed,
        contracts.is_e_signed,
        contracts.is_mobile,
        contracts.renewal_of_contract_id,
        renewals.renewed_at is not null as is_renewed,
        {{ reporting_date('renewals.renewed_at') }} as renewed_date,
        contracts.start_date,
        contracts.end_date,
        coalesce(contracts.signed_at is not null and contracts.end_date <= {{ as_of_date() }}, false) as has_ended,
        coalesce(contracts.is_defaulted, contracts.status = 'defaulted', false) as is_defaulted,
        contracts.defaulted_date,
        contracts.updated_at,
        {{ lineage_columns('contracts') }}
    from contracts
    left join renewals
        on
            contracts.source_system = renewals.source_system
            and contracts.contract_id = renewals.contract_id
    {{ region_word_lookup('contracts.region') }}
    {{ employee_lookup('contracts.employee_id', 'contracts.rate_date') }}
    {{ exchange_rate_lookup('contracts.currency', 'contracts.rate_date') }}
    {{ customer_id_lookup('contracts', 'key_system') }}
    {{ customer_tier_lookup(customer_id_column(), 'least(contracts.end_date, ' ~ as_of_date() ~ ')') }}
    {{ working_time_lookup('contracts.submitted_at', 'submission') }}
    {{ working_time_lookup('contracts.approved_at', 'approval') }}
    {{ working_time_lookup('contracts.signed_at', 'signature') }}
)

select * from final
