{#
    Working time between moments: Monday to Friday by the holiday calendar with make-up days (dim_date), the working
    hours of vars `working_day_start_hour` to `working_day_end_hour` in the reporting time zone.

    Belongs here: counting working days and hours. Not here: which days are worked (dim_date).
    Use: join `working_time_lookup` once for each moment, then subtract with `working_days_between`.
#}

{# Join of the working calendar on a UTC timestamp's day, alias `name`. #}
{% macro working_time_lookup(timestamp_utc, name) -%}
    left join {{ ref('int_working_days__counted') }} as {{ name }} on {{ reporting_date(timestamp_utc) }} = {{ name }}.date_day
{%- endmacro %}

{# Working days up to a moment; only differences mean anything. Needs working_time_lookup of the same name. #}
{% macro working_days_until(timestamp_utc, name) -%}
    (
        {{ name }}.working_days_before
        + {{ name }}.working_day
        * least(
            greatest(
                ({{ hour_of_day(timestamp_utc) }} - {{ var('working_day_start_hour') }})
                / ({{ var('working_day_end_hour') }} - {{ var('working_day_start_hour') }}), 0.0
            ), 1.0
        )
    )
{%- endmacro %}

{# Working days from one moment to another, with fractions (six decimals unless asked for more); 0 where they are in the wrong order, null where one is missing. #}
{% macro working_days_between(first_at, first_name, last_at, last_name, decimals=6) -%}
    case
        when {{ first_at }} is not null and {{ last_at }} is not null
            then round(
                greatest(
                    {{ working_days_until(last_at, last_name) }} - {{ working_days_until(first_at, first_name) }}, 0.0
                ), {{ decimals }}
            )
    end
{%- endmacro %}

{# As working_days_between, in working hours. #}
{% macro working_hours_between(first_at, first_name, last_at, last_name, decimals=6) -%}
    ({{ var('working_day_end_hour') }} - {{ var('working_day_start_hour') }})
    * ({{ working_days_between(first_at, first_name, last_at, last_name, decimals) }})
{%- endmacro %}
