{#
    Paths of channels as text: what DuckDB and Spark write differently.

    Belongs here: one macro per idea, dispatched. Not here: which touches make a path (models/intermediate/attribution).
#}

{# Values in the order of `place`, joined by ' > '. #}
{% macro path_of(value, place) %}{{ return(adapter.dispatch('path_of', 'milepost')(value, place)) }}{% endmacro %}

{% macro default__path_of(value, place) %}{{ return("string_agg(" ~ value ~ ", ' > ' order by " ~ place ~ ")") }}{% endmacro %}

{% macro spark__path_of(value, place) -%}
    {{ return(
        "array_join(transform(array_sort(collect_list(named_struct('place', " ~ place ~ ", 'value', " ~ value
        ~ "))), step -> step.value), ' > ')"
    ) }}
{%- endmacro %}

{# Distinct values in alphabetical order, joined by ' > '. #}
{% macro set_of(value) %}{{ return(adapter.dispatch('set_of', 'milepost')(value)) }}{% endmacro %}

{% macro default__set_of(value) %}{{ return("string_agg(distinct " ~ value ~ ", ' > ' order by " ~ value ~ ")") }}{% endmacro %}

{% macro spark__set_of(value) %}{{ return("array_join(sort_array(collect_set(" ~ value ~ ")), ' > ')") }}{% endmacro %}
