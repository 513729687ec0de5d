{#
    Month arithmetic that KPI models need, by adapter.

    Belongs here: adding months, ends of periods. Not here: time zones and the clock (macros/adapters/time.sql).
#}

{# A day so many months later (the last day of the month where the day does not exist). #}
{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months', 'milepost')(day, months)) }}{% endmacro %}

{% macro default__add_months(day, months) %}
    {{ return("cast(" ~ day ~ " + to_months(cast(" ~ months ~ " as integer)) as date)") }}
{% endmacro %}

{% macro spark__add_months(day, months) %}
    {{ return("add_months(" ~ day ~ ", cast(" ~ months ~ " as int))") }}
{% endmacro %}

{# First day of the period after the one that starts on period_start; grain is a column. #}
{% macro next_period_start(grain, period_start) -%}
    case {{ grain }}
        when 'day' then {{ add_days(period_start, 1) }}
        when 'week' then {{ add_days(period_start, 7) }}
        when 'month' then {{ add_months(period_start, 1) }}
        when 'quarter' then {{ add_months(period_start, 3) }}
        when 'year' then {{ add_months(period_start, 12) }}
    end
{%- endmacro %}
