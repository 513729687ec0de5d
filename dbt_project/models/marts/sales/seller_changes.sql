{#
    Grain: one row per day and sales region on which the number of active sellers changed (the first day of revenue
    included: whoever was there by then enters on it). Sellers active on a day are the sum of all changes up to it.
#}
with first_revenue as (

    select min(event_date) as first_date
    from {{ ref('revenue_events') }}

),

-- an employee is in a region from the first day of a validity to its last, hired and not left
spans as (

    select
        employee.employee_id,
        employee.region,
        greatest(coalesce(employee.hired_date, employee.valid_from), employee.valid_from, first_revenue.first_date)
            as from_date,
        least(coalesce(employee.left_date, employee.valid_to), employee.valid_to) as last_date
    from {{ ref('dim_employee') }} as employee
    cross join first_revenue
    where employee.role in ({{ "'" ~ var('seller_roles') | join("', '") ~ "'" }})

),

changes as (

    select
        from_date as change_date,
        region,
        1 as change
    from spans
    where from_date <= last_date

    union all

    select
        {{ add_days('last_date', 1) }} as change_date,
        region,
        -1 as change
    from spans
    where from_date <= last_date and last_date < date '9999-12-31'

)

select
    change_date,
    region,
    {{ integer('sum(change)') }} as active_seller_change
from changes
where change_date <= {{ as_of_date() }}
group by 1, 2
having sum(change) <> 0
