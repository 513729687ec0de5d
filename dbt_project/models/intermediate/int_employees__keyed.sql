-- Employees by every key that records name them by: their own id, and their key in a CRM where it differs.
with

employees as (
    select * from {{ ref('int_employees__validities') }}
),

keys as (
    select
        employee_id as employee_key,
        employee_id,
        team,
        region,
        valid_from,
        valid_to,
        1 as preference
    from employees

    union all

    select
        source_user_key as employee_key,
        employee_id,
        team,
        region,
        valid_from,
        valid_to,
        2 as preference
    from employees
    where source_user_key is not null and source_user_key <> employee_id
),

ranked as (
    select
        keys.*,
        row_number() over (partition by employee_key, valid_from order by preference, employee_id) as place
    from keys
),

final as (
    select
        employee_key,
        employee_id,
        team,
        region,
        valid_from,
        valid_to
    from ranked
    where place = 1
)

select * from final
