-- Grain: one row per day.
{% set fiscal_start = var('fiscal_year_start_month') %}
with

days as (
    select date_day
    from {{ day_series(
        "date '" ~ var('calendar_first_year') ~ "-01-01'", "date '" ~ var('calendar_last_year') ~ "-12-31'"
    ) }} as calendar
),

special_days as (
    select * from {{ ref('calendar_days') }}
),

parts as (
    select
        days.date_day,
        {{ iso_part('isodow', 'days.date_day') }} as iso_weekday,
        cast(extract(year from days.date_day) as bigint) as calendar_year,
        cast(extract(month from days.date_day) as bigint) as calendar_month,
        coalesce(special_days.day_kind = 'holiday', false) as is_holiday,
        case when special_days.day_kind = 'holiday' then special_days.day_name end as holiday_name,
        coalesce(special_days.day_kind = 'make_up_day', false) as is_make_up_day
    from days
    left join special_days
        on days.date_day = special_days.date_day
),

final as (
    select
        date_day,
        {{ period_start('week', 'date_day') }} as week_start_date,
        {{ period_start('month', 'date_day') }} as month_start_date,
        {{ period_start('quarter', 'date_day') }} as quarter_start_date,
        {{ period_start('year', 'date_day') }} as year_start_date,
        {{ iso_part('isoyear', 'date_day') }} as iso_year,
        {{ iso_part('week', 'date_day') }} as iso_week,
        calendar_year,
        cast(extract(quarter from date_day) as bigint) as calendar_quarter,
        calendar_month,
        cast(extract(day from date_day) as bigint) as day_of_month,
        iso_weekday,
        case when calendar_month >= {{ fiscal_start }} then calendar_year else calendar_year - 1 end as fiscal_year,
        cast(floor(((calendar_month - {{ fiscal_start }} + 12) % 12) / 3) + 1 as bigint) as fiscal_quarter,
        iso_weekday >= 6 as is_weekend,
        is_holiday,
        holiday_name,
        is_make_up_day,
        is_make_up_day or (iso_weekday <= 5 and not is_holiday) as is_working_day
    from parts
)

select * from final
