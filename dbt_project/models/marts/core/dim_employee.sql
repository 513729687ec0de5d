-- Grain: one row per employee and validity of team, region and role.
with

employees as (
    select * from {{ ref('int_employees__validities') }}
),

final as (
    select
        employee_id,
        employee_name,
        team,
        region,
        role,
        manager_employee_id,
        hired_date,
        left_date,
        valid_from,
        valid_to,
        {{ as_of_date() }} between valid_from and valid_to as is_current
    from employees
)

select * from final
