{# Grain: one row per day up to the build's day: the calendar along which metrics are laid out. #}
select date_day
from {{ ref('dim_date') }}
where date_day <= {{ as_of_date() }}
