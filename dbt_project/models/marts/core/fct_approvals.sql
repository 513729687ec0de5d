-- Grain: one row per request for approval at its latest state. Rates and times to the decision are not additive.
with

approvals as (
    select
        approval.*,
        approval.source_system || ':' || approval.approval_id as approval_key,
        -- a form without a currency asks in the reporting currency
        coalesce(approval.currency, '{{ var("reporting_currency") }}') as amount_currency,
        {{ reporting_date('approval.submitted_at') }} as submitted_date,
        {{ reporting_date('approval.decided_at') }} as decided_date
    from {{ ref('stg_approval') }} as approval
),

final as (
    select
        approvals.approval_key,
        approvals.approval_id,
        approvals.source_system,
        approvals.approval_kind,
        approvals.subject_id,
        coalesce(
            region_word.region, nullif(trim(approvals.region), ''), nullif(requester.region, '(none)'), '(none)'
        ) as region,
        coalesce(requester.employee_id, approvals.requester_employee_id) as requester_employee_id,
        requester.team as requester_team,
        coalesce(approver.employee_id, approvals.approver_employee_id) as approver_employee_id,
        approvals.status,
        coalesce(approvals.status in ('approved', 'rejected'), false) as is_decided,
        approvals.amount_currency as currency,
        {{ exchange_rate('approvals.amount_currency') }} as exchange_rate,
        approvals.requested_amount,
        approvals.granted_amount,
        {{ at_rate('approvals.requested_amount', exchange_rate('approvals.amount_currency')) }}
            as requested_reporting_amount,
        {{ at_rate('approvals.granted_amount', exchange_rate('approvals.amount_currency')) }}
            as granted_reporting_amount,
        approvals.requested_rate,
        approvals.granted_rate,
        approvals.reason,
        approvals.submitted_at,
        approvals.decided_at,
        approvals.submitted_date,
        approvals.decided_date,
        {{ working_days_between('approvals.submitted_at', 'submission', 'approvals.decided_at', 'decision') }}
            as decision_working_days,
        24 * {{ elapsed_days('approvals.submitted_at', 'approvals.decided_at') }} as decision_hours,
        approvals.stated_working_days,
        approvals.updated_at,
        {{ lineage_columns('approvals') }}
    from approvals
    {{ region_word_lookup('approvals.region') }}
    {{ employee_lookup('approvals.requester_employee_id', 'approvals.submitted_date', name='requester') }}
    {{ employee_lookup('approvals.approver_employee_id', 'approvals.submitted_date', name='approver') }}
    {{ exchange_rate_lookup('approvals.amount_currency', 'approvals.submitted_date') }}
    {{ working_time_lookup('approvals.submitted_at', 'submission') }}
    {{ working_time_lookup('approvals.decided_at', 'decision') }}
)

select * from final
