-- Grain: one row per person and assessment. Scores are not additive: they are averaged on one scale (rating_score).
with

assessments as (
    select * from {{ ref('stg_assessment') }}
),

final as (
    select
        assessments.source_system || ':' || assessments.assessment_id as assessment_key,
        assessments.assessment_id,
        assessments.source_system,
        assessments.assessed_date,
        coalesce(employee.employee_id, assessments.employee_id) as employee_id,
        coalesce(employee.team, '(none)') as team,
        coalesce(employee.region, '(none)') as region,
        assessments.assessment_kind,
        {{ member('assessments.course') }} as course,
        {{ member('assessments.skill') }} as skill,
        assessments.score,
        assessments.score_maximum,
        case
            when assessments.assessment_kind = 'rating'
                then assessments.score * {{ var('skill_rating_maximum') }}
                    / nullif(coalesce(assessments.score_maximum, {{ var('skill_rating_maximum') }}), 0)
        end as rating_score,
        assessments.is_passed,
        assessments.assessor_employee_id,
        {{ lineage_columns('assessments') }}
    from assessments
    {{ employee_lookup('assessments.employee_id', 'assessments.assessed_date') }}
)

select * from final
