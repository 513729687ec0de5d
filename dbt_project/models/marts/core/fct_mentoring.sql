-- Grain: one row per mentor, mentee and start. Pairs are additive, people are not.
with

pairs as (
    select * from {{ ref('stg_mentoring') }}
),

final as (
    select
        pairs.source_system
        || ':' || pairs.mentor_employee_id || ':' || pairs.mentee_employee_id || ':' || cast(pairs.start_date as string)
            as mentoring_key,
        pairs.source_system,
        coalesce(mentor.employee_id, pairs.mentor_employee_id) as mentor_employee_id,
        coalesce(mentee.employee_id, pairs.mentee_employee_id) as mentee_employee_id,
        coalesce(mentee.team, '(none)') as team,
        coalesce(mentee.region, '(none)') as region,
        pairs.start_date as started_date,
        pairs.end_date as ended_date,
        pairs.is_passed,
        pairs.start_date <= {{ as_of_date() }}
        and coalesce(pairs.end_date, cast('9999-12-31' as date)) >= {{ as_of_date() }} as is_active,
        {{ lineage_columns('pairs') }}
    from pairs
    {{ employee_lookup('pairs.mentor_employee_id', 'pairs.start_date', name='mentor') }}
    {{ employee_lookup('pairs.mentee_employee_id', 'pairs.start_date', name='mentee') }}
)

select * from final
