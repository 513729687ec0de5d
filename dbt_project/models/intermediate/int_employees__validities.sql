-- Employees with the day on which a validity of their attributes ends: the day before the next one begins.
-- What the staff lists say of an employee counts before what a CRM says.
with

employees as (
    select
        employee.*,
        coalesce(employee.valid_from, cast('1900-01-01' as date)) as valid_from_day,
        coalesce(region_word.region, nullif(trim(employee.region), ''), '(none)') as sales_region
    from {{ ref('stg_employee') }} as employee
    {{ region_word_lookup('employee.region') }}
),

ranked as (
    select
        employees.*,
        row_number() over (
            partition by employee_id, valid_from_day
            order by case when source_system in ('hr', 'reference') then 0 else 1 end, source_system
        ) as place
    from employees
),

final as (
    select
        employee_id,
        employee_name,
        team,
        sales_region as region,
        role,
        manager_employee_id,
        source_user_key,
        hired_date,
        left_date,
        valid_from_day as valid_from,
        coalesce(
            {{ add_days('lead(valid_from_day) over (partition by employee_id order by valid_from_day)', '-1') }},
            cast('9999-12-31' as date)
        ) as valid_to
    from ranked
    where place = 1
)

select * from final
