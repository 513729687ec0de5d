-- A task or milestone as it stood after a change.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('task', key=['task_id', 'updated_at']) }}
),

final as (
    select
        source_system,
        task_id,
        task_kind,
        task_name,
        goal_kpi_id,
        owner_employee_id,
        region,
        planned_start,
        planned_end,
        actual_start,
        actual_end,
        light,
        status,
        progress,
        updated_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
