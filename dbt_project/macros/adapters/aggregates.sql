{#
    Aggregates and casts that DuckDB and Spark write differently.

    Belongs here: one macro per idea, dispatched. Not here: business formulas.
#}

{# The value of the row with the lowest rank among those that state one. #}
{% macro first_stated(value, rank) %}{{ return(adapter.dispatch('first_stated', 'milepost')(value, rank)) }}{% endmacro %}

{% macro default__first_stated(value, rank) -%}
    {{ return("arg_min(" ~ value ~ ", " ~ rank ~ ") filter (where " ~ value ~ " is not null)") }}
{%- endmacro %}

{% macro spark__first_stated(value, rank) -%}
    {{ return("min_by(" ~ value ~ ", case when " ~ value ~ " is not null then " ~ rank ~ " end)") }}
{%- endmacro %}

{# Distinct values in alphabetical order, separated by commas. #}
{% macro list_distinct(value) %}{{ return(adapter.dispatch('list_distinct', 'milepost')(value)) }}{% endmacro %}

{% macro default__list_distinct(value) %}{{ return("string_agg(distinct " ~ value ~ ", ', ' order by " ~ value ~ ")") }}{% endmacro %}

{% macro spark__list_distinct(value) %}{{ return("array_join(sort_array(collect_set(" ~ value ~ ")), ', ')") }}{% endmacro %}

{# An amount: four decimals. #}
{% macro money(amount) -%}cast({{ amount }} as decimal(18, 4)){%- endmacro %}

{# A count as stored in marts. #}
{% macro integer(value) -%}cast({{ value }} as bigint){%- endmacro %}

{# An amount at a rate; null where the rate is missing. #}
{% macro at_rate(amount, rate) -%}cast(cast({{ amount }} as double) * {{ rate }} as decimal(18, 4)){%- endmacro %}

{# The dimension member of a value: (none) where it is missing or blank. #}
{% macro member(value) -%}coalesce(nullif(trim({{ value }}), ''), '(none)'){%- endmacro %}

{# True where any row is: written so that every engine has it. #}
{% macro any_true(condition) -%}coalesce(max(case when {{ condition }} then 1 else 0 end) = 1, false){%- endmacro %}

{# Median of a value over a group's rows up to the present one, in an order that has no ties. #}
{% macro running_median(value, partition, order) %}{{ return(adapter.dispatch('running_median', 'milepost')(value, partition, order)) }}{% endmacro %}

{% macro default__running_median(value, partition, order) -%}
    {{ return("median(" ~ value ~ ") over (partition by " ~ partition ~ " order by " ~ order ~ " rows unbounded preceding)") }}
{%- endmacro %}

{% macro spark__running_median(value, partition, order) -%}
    {{ return(
        "percentile(" ~ value ~ ", 0.5) over (partition by " ~ partition ~ " order by " ~ order ~ " rows unbounded preceding)"
    ) }}
{%- endmacro %}

{#
    One row per phrase of a text: parts between punctuation where it is written without spaces, else words of four letters
    and more. Rows for a text that has none are left out.
#}
{% macro split_phrases(text) %}{{ return(adapter.dispatch('split_phrases', 'milepost')(text)) }}{% endmacro %}

{% macro default__split_phrases(text) -%}
    {{ return(
        "unnest(case when regexp_matches(" ~ text ~ ", '[一-鿿]') then regexp_split_to_array(" ~ text
        ~ ", '[，。！？；、,.!?;:：\\s]+') else regexp_extract_all(" ~ text ~ ", '[A-Za-z]{4,}') end)"
    ) }}
{%- endmacro %}

{% macro spark__split_phrases(text) -%}
    {{ return(
        "explode(case when " ~ text ~ " rlike '[一-鿿]' then split(" ~ text
        ~ ", '[，。！？；、,.!?;:：\\\\s]+') else regexp_extract_all(" ~ text ~ ", '([A-Za-z]{4,})', 1) end)"
    ) }}
{%- endmacro %}
