-- Grain: one row per person and course taken part in. Hours are additive; people are not (count them distinct).
with

trainings as (
    select
        training.*,
        coalesce(training.finished_date, training.started_date) as training_date
    from {{ ref('stg_training') }} as training
),

final as (
    select
        trainings.source_system || ':' || trainings.training_id as training_key,
        trainings.training_id,
        trainings.source_system,
        trainings.training_date,
        coalesce(employee.employee_id, trainings.employee_id) as employee_id,
        coalesce(employee.team, '(none)') as team,
        coalesce(employee.region, '(none)') as region,
        {{ member('trainings.course') }} as course,
        {{ member('trainings.course_kind') }} as course_kind,
        trainings.trainer,
        trainings.started_date,
        trainings.finished_date,
        trainings.hours,
        coalesce(trainings.is_completed, false) as is_completed,
        {{ lineage_columns('trainings') }}
    from trainings
    {{ employee_lookup('trainings.employee_id', 'trainings.training_date') }}
)

select * from final
