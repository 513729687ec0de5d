{#
    Grain: one row per employee and day employed, of the last years (team_history_years). Days are additive; people are
    not (count them distinct). A record is updated by an activity, a step of a lead or a stage of an opportunity.
#}
with days as (

    select
        date_day,
        is_working_day
    from {{ ref('dim_date') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day >= {{ add_months(period_start('year', as_of_date()), -12 * (var('team_history_years') | int)) }}

),

staff as (

    select
        days.date_day as staff_date,
        days.is_working_day,
        employee.employee_id,
        {{ member('employee.team') }} as team,
        employee.region,
        {{ member('employee.role') }} as role
    from {{ ref('dim_employee') }} as employee
    inner join days
        on
            days.date_day between employee.valid_from and employee.valid_to
            and days.date_day >= coalesce(employee.hired_date, employee.valid_from)
            and days.date_day <= coalesce(employee.left_date, employee.valid_to)

),

lead_steps as (

    {% for step in ['graded_at', 'first_contacted_at', 'followed_up_at', 'converted_at'] %}
        select
            employee_id,
            {{ reporting_date(step) }} as update_date
        from {{ ref('fct_leads') }}
        where {{ step }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

updates as (

    select
        employee_id,
        activity_date as update_date,
        coalesce(is_mobile, false) as is_mobile
    from {{ ref('fct_activities') }}
    where is_done

    union all

    select
        employee_id,
        update_date,
        false as is_mobile
    from lead_steps

    union all

    select
        employee_id,
        entered_date as update_date,
        false as is_mobile
    from {{ ref('fct_opportunity_stages') }}
    where stage_set = '{{ var("default_stage_set") }}' and not is_derived

),

updated_days as (

    select
        coalesce(keyed.employee_id, updates.employee_id) as employee_id,
        updates.update_date,
        {{ integer('count(*)') }} as update_count,
        {{ integer('sum(case when updates.is_mobile then 1 else 0 end)') }} as mobile_count
    from updates
    {{ employee_lookup('updates.employee_id', 'updates.update_date', name='keyed') }}
    group by 1, 2

)

select
    staff.staff_date,
    staff.employee_id,
    staff.team,
    staff.region,
    staff.role,
    staff.role = 'seller' as is_seller,
    staff.is_working_day,
    coalesce(updated_days.update_count, 0) as update_count,
    coalesce(updated_days.mobile_count, 0) as mobile_count
from staff
left join updated_days on staff.employee_id = updated_days.employee_id and staff.staff_date = updated_days.update_date
