-- Grain: one row per task or milestone and change; is_current marks the last one, and only current rows may be counted
-- as tasks. Due and on time are judged by the clock of the run; a cancelled task is never due.
with

tasks as (
    select
        task.*,
        coalesce(region_word.region, nullif(trim(task.region), ''), '(none)') as sales_region,
        row_number() over (
            partition by task.source_system, task.task_id order by task.updated_at nulls first
        ) as change_number,
        lead(task.task_id) over (
            partition by task.source_system, task.task_id order by task.updated_at nulls first
        ) is null as is_current
    from {{ ref('stg_task') }} as task
    {{ region_word_lookup('task.region') }}
),

judged as (
    select
        tasks.*,
        coalesce(planned_end < {{ as_of() }} and status <> 'cancelled', false) as is_due,
        coalesce(status = 'done' and actual_end <= planned_end, false) as is_on_time
    from tasks
),

final as (
    select
        judged.source_system || ':' || judged.task_id as task_key,
        judged.change_number,
        judged.task_id,
        judged.source_system,
        judged.is_current,
        judged.task_kind,
        judged.task_name,
        judged.goal_kpi_id,
        coalesce(owner.employee_id, judged.owner_employee_id) as owner_employee_id,
        coalesce(owner.team, '(none)') as team,
        judged.sales_region as region,
        judged.planned_start,
        judged.planned_end,
        judged.actual_start,
        judged.actual_end,
        {{ reporting_date('judged.planned_end') }} as due_date,
        {{ reporting_date('judged.actual_end') }} as done_date,
        judged.status,
        judged.progress,
        judged.light as stated_light,
        case
            when judged.status = 'cancelled' then null
            when judged.is_on_time then 'green'
            when coalesce(judged.actual_end, {{ as_of() }}) > judged.planned_end then 'red'
            else coalesce(judged.light, 'green')
        end as light,
        judged.is_due,
        judged.is_on_time,
        judged.updated_at as changed_at,
        {{ reporting_date('judged.updated_at') }} as changed_date,
        {{ lineage_columns('judged') }}
    from judged
    {{ employee_lookup('judged.owner_employee_id', reporting_date('judged.planned_end'), name='owner') }}
)

select * from final
