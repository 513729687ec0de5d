{#
    Grain: one row per month from the first with revenue to the end of the forecast: its days off and its days of
    promotion. A coming month for which no promotion is entered yet has those of the same month of the year before.
#}
with bounds as (

    select
        min(month_start) as first_month,
        {{ add_months('max(month_start)', var('forecast_horizon_months') | int) }} as last_month
    from {{ ref('int_revenue__monthly') }}

),

promotion_days as (

    select distinct dates.date_day
    from {{ ref('dim_date') }} as dates
    inner join {{ ref('stg_calendar_event') }} as event
        on dates.date_day >= event.start_date and dates.date_day <= coalesce(event.end_date, event.start_date)
    where event.event_kind = 'promotion'

),

months as (

    select
        dates.month_start_date as month_start,
        sum(case when dates.is_holiday then 1 else 0 end) as holiday_day_count,
        count(promotion_days.date_day) as promotion_day_count
    from {{ ref('dim_date') }} as dates
    cross join bounds
    left join promotion_days on dates.date_day = promotion_days.date_day
    where
        dates.month_start_date >= {{ add_months('bounds.first_month', -12) }}
        and dates.month_start_date <= bounds.last_month
    group by 1

)

select
    months.month_start,
    {{ integer('months.holiday_day_count') }} as holiday_day_count,
    {{ integer(
        "case when months.promotion_day_count = 0 and months.month_start > " ~ as_of_date()
        ~ " then coalesce(before.promotion_day_count, 0) else months.promotion_day_count end"
    ) }}
        as promotion_day_count
from months
cross join bounds
left join months as before on {{ add_months('months.month_start', -12) }} = before.month_start
where months.month_start >= bounds.first_month
