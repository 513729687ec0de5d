-- Grain: one row per audit of a deal. Audits are additive; a deal may be audited more than once.
with

audits as (
    select
        audit.*,
        {{ reporting_date('audit.audited_at') }} as audited_date,
        coalesce(region_word.region, nullif(trim(audit.region), '')) as sales_region
    from {{ ref('stg_compliance_audit') }} as audit
    {{ region_word_lookup('audit.region') }}
),

final as (
    select
        audits.source_system || ':' || audits.audit_id as audit_key,
        audits.audit_id,
        audits.source_system,
        audits.audited_at,
        audits.audited_date,
        audits.opportunity_id,
        coalesce(audits.opportunity_system, audits.source_system) || ':' || audits.opportunity_id as opportunity_key,
        coalesce(employee.employee_id, audits.employee_id) as employee_id,
        coalesce(employee.team, '(none)') as team,
        coalesce(audits.sales_region, employee.region, '(none)') as region,
        audits.auditor_employee_id,
        audits.finding,
        coalesce(audits.has_contact_records, false) as has_contact_records,
        coalesce(audits.finding = 'none' and audits.has_contact_records, false) as is_compliant,
        {{ lineage_columns('audits') }}
    from audits
    {{ employee_lookup('audits.employee_id', 'audits.audited_date') }}
)

select * from final
