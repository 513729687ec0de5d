{#
    Time, days and the clock of a run, by adapter.

    Belongs here: everything about dates that DuckDB and Spark write differently. Not here: business calendars (dim_date).
#}

{#
    The run's clock as a timestamp, UTC. A run gives it by the environment, and it is looked up when a model executes:
    another `--vars`, or a variable that parsing has seen, would have every run parse these models anew.
#}
{% macro as_of() -%}
    cast('{{ env_var("MILEPOST_AS_OF", var("as_of")) if execute else var("as_of") }}' as timestamp)
{%- endmacro %}

{# The run's day in the reporting time zone. #}
{% macro as_of_date() -%}{{ reporting_date(as_of()) }}{%- endmacro %}

{# Day of a UTC timestamp in the reporting time zone. #}
{% macro reporting_date(timestamp_utc) %}{{ return(adapter.dispatch('reporting_date', 'milepost')(timestamp_utc)) }}{% endmacro %}

{% macro default__reporting_date(timestamp_utc) -%}
    {{ return("cast(timezone('" ~ var('reporting_time_zone') ~ "', timezone('UTC', " ~ timestamp_utc ~ ")) as date)") }}
{%- endmacro %}

{% macro spark__reporting_date(timestamp_utc) -%}
    {{ return("to_date(from_utc_timestamp(" ~ timestamp_utc ~ ", '" ~ var('reporting_time_zone') ~ "'))") }}
{%- endmacro %}

{# Hour of the day of a UTC timestamp in the reporting time zone, with fractions: 9.5 is half past nine. #}
{% macro hour_of_day(timestamp_utc) %}{{ return(adapter.dispatch('hour_of_day', 'milepost')(timestamp_utc)) }}{% endmacro %}

{% macro default__hour_of_day(timestamp_utc) -%}
    {% set local = "timezone('" ~ var('reporting_time_zone') ~ "', timezone('UTC', " ~ timestamp_utc ~ "))" %}
    {{ return("(extract(hour from " ~ local ~ ") + extract(minute from " ~ local ~ ") / 60.0 + extract(second from " ~ local ~ ") / 3600.0)") }}
{%- endmacro %}

{% macro spark__hour_of_day(timestamp_utc) -%}
    {% set local = "from_utc_timestamp(" ~ timestamp_utc ~ ", '" ~ var('reporting_time_zone') ~ "')" %}
    {{ return("(hour(" ~ local ~ ") + minute(" ~ local ~ ") / 60.0 + second(" ~ local ~ ") / 3600.0)") }}
{%- endmacro %}

{# First day of the day's period: week (ISO, Monday), month, quarter or year. #}
{% macro period_start(grain, day) -%}cast(date_trunc('{{ grain }}', {{ day }}) as date){%- endmacro %}

{# A day so many days later; `days` is an integer expression. #}
{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days', 'milepost')(day, days)) }}{% endmacro %}

{% macro default__add_days(day, days) %}{{ return("(" ~ day ~ " + cast(" ~ days ~ " as integer))") }}{% endmacro %}

{% macro spark__add_days(day, days) %}{{ return("date_add(" ~ day ~ ", cast(" ~ days ~ " as int))") }}{% endmacro %}

{# Whole days from one day to another. #}
{% macro days_between(first_day, last_day) %}{{ return(adapter.dispatch('days_between', 'milepost')(first_day, last_day)) }}{% endmacro %}

{% macro default__days_between(first_day, last_day) %}{{ return("(" ~ last_day ~ " - " ~ first_day ~ ")") }}{% endmacro %}

{% macro spark__days_between(first_day, last_day) %}{{ return("datediff(" ~ last_day ~ ", " ~ first_day ~ ")") }}{% endmacro %}

{# Time between two timestamps in days, with fractions. #}
{% macro elapsed_days(first_at, last_at) %}{{ return(adapter.dispatch('elapsed_days', 'milepost')(first_at, last_at)) }}{% endmacro %}

{% macro default__elapsed_days(first_at, last_at) -%}
    {{ return("((epoch(" ~ last_at ~ ") - epoch(" ~ first_at ~ ")) / 86400.0)") }}
{%- endmacro %}

{% macro spark__elapsed_days(first_at, last_at) -%}
    {{ return("((unix_timestamp(" ~ last_at ~ ") - unix_timestamp(" ~ first_at ~ ")) / 86400.0)") }}
{%- endmacro %}

{# Time between two timestamps in hours, with fractions. #}
{% macro elapsed_hours(first_at, last_at) %}{{ return(adapter.dispatch('elapsed_hours', 'milepost')(first_at, last_at)) }}{% endmacro %}

{% macro default__elapsed_hours(first_at, last_at) -%}
    {{ return("((epoch(" ~ last_at ~ ") - epoch(" ~ first_at ~ ")) / 3600.0)") }}
{%- endmacro %}

{% macro spark__elapsed_hours(first_at, last_at) -%}
    {{ return("((unix_timestamp(" ~ last_at ~ ") - unix_timestamp(" ~ first_at ~ ")) / 3600.0)") }}
{%- endmacro %}

{# A timestamp so many hours later; `hours` may have fractions, counted to the second. #}
{% macro add_hours(timestamp, hours) %}{{ return(adapter.dispatch('add_hours', 'milepost')(timestamp, hours)) }}{% endmacro %}

{% macro default__add_hours(timestamp, hours) -%}
    {{ return("(" ~ timestamp ~ " + to_seconds(cast(round((" ~ hours ~ ") * 3600) as bigint)))") }}
{%- endmacro %}

{% macro spark__add_hours(timestamp, hours) -%}
    {{ return("timestamp_micros(unix_micros(" ~ timestamp ~ ") + cast(round((" ~ hours ~ ") * 3600) as bigint) * 1000000)") }}
{%- endmacro %}

{# A table of all days from one to another: column date_day. #}
{% macro day_series(first_day, last_day) %}{{ return(adapter.dispatch('day_series', 'milepost')(first_day, last_day)) }}{% endmacro %}

{% macro default__day_series(first_day, last_day) -%}
    {{ return(
        "(select cast(unnest(generate_series(cast(" ~ first_day ~ " as timestamp), cast(" ~ last_day
        ~ " as timestamp), interval 1 day)) as date) as date_day)"
    ) }}
{%- endmacro %}

{% macro spark__day_series(first_day, last_day) -%}
    {{ return("(select explode(sequence(cast(" ~ first_day ~ " as date), cast(" ~ last_day ~ " as date), interval 1 day)) as date_day)") }}
{%- endmacro %}

{# Parts of a day that engines name differently: isodow, isoyear, week. #}
{% macro iso_part(part, day) %}{{ return(adapter.dispatch('iso_part', 'milepost')(part, day)) }}{% endmacro %}

{% macro default__iso_part(part, day) %}{{ return("cast(extract(" ~ part ~ " from " ~ day ~ ") as bigint)") }}{% endmacro %}

{% macro spark__iso_part(part, day) -%}
    {%- set names = {'isodow': 'dayofweek_iso', 'isoyear': 'yearofweek', 'week': 'week'} -%}
    {{ return("cast(extract(" ~ names[part] ~ " from " ~ day ~ ") as bigint)") }}
{%- endmacro %}
