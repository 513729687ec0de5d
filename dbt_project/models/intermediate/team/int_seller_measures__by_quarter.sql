-- Grain: one row per quarter, seller and KPI that a scorecard may weigh: numerator and denominator of the KPI as it is
-- defined for that seller and quarter.
with

measures as (
    select
        quarter_start,
        employee_id,
        'individual_attainment' as kpi_id,
        case when target is not null then cast(revenue_reporting_amount as double) end as numerator,
        target as denominator
    from {{ ref('seller_attainment') }}

    union all

    select
        {{ kpi_period_start('quarter', 'created_date') }} as quarter_start,
        employee_id,
        'lead_conversion_rate' as kpi_id,
        cast(sum(case when is_won then 1 else 0 end) as double) as numerator,
        cast(count(*) as double) as denominator
    from {{ ref('fct_leads') }}
    where employee_id is not null and created_date is not null
    group by 1, 2

    union all

    select
        {{ kpi_period_start('quarter', 'created_date') }} as quarter_start,
        employee_id,
        'process_compliance' as kpi_id,
        cast(sum(case when is_compliant then 1 else 0 end) as double) as numerator,
        cast(count(*) as double) as denominator
    from {{ ref('opportunity_compliance') }}
    where created_date is not null
    group by 1, 2

    union all

    select
        {{ kpi_period_start('quarter', 'staff_date') }} as quarter_start,
        employee_id,
        'crm_usage_rate' as kpi_id,
        cast(sum(case when update_count > 0 then 1 else 0 end) as double) as numerator,
        cast(count(*) as double) as denominator
    from {{ ref('staff_days') }}
    where is_seller and is_working_day
    group by 1, 2

    union all

    select
        {{ kpi_period_start('quarter', 'contributed_date') }} as quarter_start,
        employee_id,
        'collaboration_score' as kpi_id,
        cast(sum(points) as double) as numerator,
        cast(1 as double) as denominator
    from {{ ref('fct_collaboration') }}
    group by 1, 2

    union all

    select
        {{ kpi_period_start('quarter', 'assessed_date') }} as quarter_start,
        employee_id,
        'skill_score' as kpi_id,
        cast(sum(rating_score) as double) as numerator,
        cast(count(rating_score) as double) as denominator
    from {{ ref('fct_assessments') }}
    group by 1, 2

    union all

    select
        {{ kpi_period_start('quarter', 'assessed_date') }} as quarter_start,
        employee_id,
        'assessment_pass_rate' as kpi_id,
        cast(sum(case when is_passed then 1 else 0 end) as double) as numerator,
        cast(count(is_passed) as double) as denominator
    from {{ ref('fct_assessments') }}
    group by 1, 2

    union all

    select
        {{ kpi_period_start('quarter', 'training_date') }} as quarter_start,
        employee_id,
        'training_hours' as kpi_id,
        cast(sum(hours) as double) as numerator,
        cast(1 as double) as denominator
    from {{ ref('fct_training') }}
    group by 1, 2
),

final as (
    select
        sellers.quarter_start,
        sellers.employee_id,
        measures.kpi_id,
        measures.numerator,
        measures.denominator,
        measures.numerator / nullif(measures.denominator, 0) as actual
    from {{ ref('seller_attainment') }} as sellers
    inner join measures
        on sellers.quarter_start = measures.quarter_start and sellers.employee_id = measures.employee_id
)

select * from final
