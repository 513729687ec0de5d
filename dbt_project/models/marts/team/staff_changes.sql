{#
    Grain: one row per kind of change, employee and day: entries (positive) and exits (negative) of the sets that staff
    KPIs compare. Changes add up to the state at a day: sellers on average of the last twelve month ends, sellers who left
    in the last twelve months, staff under six months, and of these those with an active mentor.
#}
with staff as (

    select
        employee.employee_id,
        {{ member('employee.team') }} as team,
        employee.region,
        employee.role,
        employee.hired_date,
        employee.left_date,
        employee.valid_from,
        employee.valid_to
    from {{ ref('dim_employee') }} as employee

),

month_ends as (

    select distinct
        month_start_date as month_start,
        {{ add_days(add_months('month_start_date', 1), -1) }} as month_end
    from {{ ref('dim_date') }}
    where date_day <= {{ as_of_date() }}

),

seller_months as (

    select
        staff.employee_id,
        staff.team,
        staff.region,
        month_ends.month_start,
        month_ends.month_end
    from staff
    inner join month_ends
        on
            month_ends.month_end between staff.valid_from and staff.valid_to
            and month_ends.month_end >= coalesce(staff.hired_date, staff.valid_from)
            and month_ends.month_end <= coalesce(staff.left_date, staff.valid_to)
    where staff.role = 'seller' and month_ends.month_end <= {{ as_of_date() }}

),

newcomers as (

    select
        employee_id,
        team,
        region,
        hired_date as entered_date,
        least(
            {{ add_months('hired_date', var('newcomer_months')) }},
            coalesce({{ add_days('left_date', 1) }}, cast('9999-12-31' as date))
        ) as exited_date
    from staff
    where hired_date is not null and hired_date between valid_from and valid_to

),

mentored as (

    select
        newcomers.employee_id,
        newcomers.team,
        newcomers.region,
        greatest(newcomers.entered_date, pairs.first_date) as entered_date,
        least(newcomers.exited_date, pairs.end_date) as exited_date
    from newcomers
    inner join (
        select
            mentee_employee_id,
            min(started_date) as first_date,
            max(coalesce({{ add_days('ended_date', 1) }}, cast('9999-12-31' as date))) as end_date
        from {{ ref('fct_mentoring') }}
        group by 1
    ) as pairs
        on newcomers.employee_id = pairs.mentee_employee_id

),

spans as (

    select
        'seller_month' as change_kind,
        employee_id,
        team,
        region,
        month_end as entered_date,
        {{ add_days(add_months('month_start', 13), -1) }} as exited_date,
        cast(1 as double) / 12 as amount
    from seller_months

    union all

    select
        'seller_left' as change_kind,
        employee_id,
        team,
        region,
        left_date as entered_date,
        {{ add_months('left_date', 12) }} as exited_date,
        cast(1 as double) as amount
    from staff
    where role = 'seller' and left_date between valid_from and valid_to

    {% for name, kind in [('newcomers', 'newcomer'), ('mentored', 'mentored_newcomer')] %}
        union all

        select
            '{{ kind }}' as change_kind,
            employee_id,
            team,
            region,
            entered_date,
            exited_date,
            cast(1 as double) as amount
        from {{ name }}
        where entered_date < exited_date
    {% endfor %}

),

changes as (

    select
        spans.*,
        entered_date as change_date,
        amount as change_amount
    from spans

    union all

    select
        spans.*,
        exited_date as change_date,
        -amount as change_amount
    from spans

)

-- an entry and its exit bear one band, so that they cancel: the one of the quarter before the entry
select
    changes.change_kind,
    changes.employee_id,
    changes.change_date,
    changes.team,
    changes.region,
    coalesce(card.performance_band, '(none)') as performance_band,
    sum(changes.change_amount) as change_amount
from changes
left join {{ ref('seller_scorecard') }} as card
    on
        changes.employee_id = card.employee_id
        and {{ add_months(kpi_period_start('quarter', 'changes.entered_date'), -3) }} = card.quarter_start
where changes.change_date <= {{ as_of_date() }}
group by 1, 2, 3, 4, 5, 6
