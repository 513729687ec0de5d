-- One row per day: the working days before it, and whether it is one. Working time is counted by differences.
select
    date_day,
    {{ integer('case when is_working_day then 1 else 0 end') }} as working_day,
    {{ integer(
        'coalesce(sum(case when is_working_day then 1 else 0 end) over ('
        ~ 'order by date_day rows between unbounded preceding and 1 preceding), 0)'
    ) }} as working_days_before
from {{ ref('dim_date') }}
