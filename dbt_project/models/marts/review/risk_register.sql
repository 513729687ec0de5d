-- Grain: one row per risk and month. Events are additive; hours are means of the month.
with

risks as (
    select * from {{ ref('stg_risk') }}
),

final as (
    select
        risks.source_system || ':' || risks.risk_id as risk_key,
        {{ period_start('month', 'risks.risk_month') }} as month_start,
        risks.risk_id,
        risks.source_system,
        risks.risk_name,
        risks.category,
        risks.kpi_id,
        risks.threshold,
        risks.risk_level,
        lag(risks.risk_level) over (
            partition by risks.source_system, risks.risk_id order by risks.risk_month
        ) as earlier_risk_level,
        coalesce(owner.employee_id, risks.owner_employee_id) as owner_employee_id,
        coalesce(owner.region, '(none)') as region,
        risks.plan,
        {{ integer('coalesce(risks.event_count, 0)') }} as event_count,
        risks.hours_to_answer,
        risks.outcome,
        coalesce(risks.event_count > 0 and risks.outcome is null, false) as is_open,
        {{ lineage_columns('risks') }}
    from risks
    {{ employee_lookup('risks.owner_employee_id', 'risks.risk_month', name='owner') }}
)

select * from final
