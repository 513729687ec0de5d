{#
    One semantic model's measures for every grain x dimension member: the SQL of the models int_kpi_measures__*.

    Decomposable measures (sum, count, min, max) are added up once to day x member, and the other grains from there.
    Distinct counts and medians are not additive: they are taken from the facts for each grain and member.
    States and windows (states.sql) add up changes to the period's end; the largest keys (largest.sql) are ranked anew
    for each period and member.
#}

{# Day x dimension x member of decomposable measures: facts to day x all dimensions once, then grouping sets. #}
{% macro kpi_day_members(semantic_model, relation, time_dimension, dimensions, entries) %}
    {%- set days = 'metric_date, row_grain' if kpi_grain_dimension(semantic_model) else 'metric_date' %}
    select
        {{ days }},
        {{- kpi_dimension_and_member(dimensions) }}
        {%- for entry in entries %},
        {{ kpi_combine(entry.measure, entry.column) }} as {{ entry.column }}
        {%- endfor %}
    from (
        select
            {{ days }}
            {%- for dimension in dimensions %}, dim_{{ dimension }}{% endfor %}
            {%- for entry in entries %},
            {{ kpi_aggregate(entry.measure, entry.column) }} as {{ entry.column }}
            {%- endfor %}
        from ({{ kpi_facts(semantic_model, relation, time_dimension, dimensions, entries) }}) as facts
        group by {{ days }}{% for dimension in dimensions %}, dim_{{ dimension }}{% endfor %}
    ) as days
    group by {{ kpi_grouping_sets([days], dimensions) }}
{% endmacro %}

{% macro kpi_block_columns(all_columns, own_columns) %}
    {%- for column in all_columns %},
        {{ column if column in own_columns else 'cast(null as double)' }} as {{ column }}
    {%- endfor %}
{%- endmacro %}

{# grain and period_start for every grain asked for: from rows with a date to rows per grain. #}
{% macro kpi_period_case(grains, date='metric_date') -%}
    case grains.grain
        {%- for grain in grains %}
        when '{{ grain }}' then {{ kpi_period_start(grain, date) }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro kpi_grain_rows(grains) -%}
    ({% for grain in grains %}select '{{ grain }}' as grain{{ ' union all ' if not loop.last }}{% endfor %}) as grains
{%- endmacro %}

{# Every period up to the build's day, with its last day so far: grain, period_start, last_day. #}
{% macro kpi_spine_periods(spine, grains) -%}
    select
        grains.grain,
        {{ kpi_period_case(grains, 'date_day') }} as period_start,
        max(date_day) as last_day
    from {{ spine }}
    cross join {{ kpi_grain_rows(grains) }}
    where date_day <= {{ as_of_date() }}
    group by 1, 2
{%- endmacro %}

{% macro kpi_in_order(grains) %}
    {% set found = [] %}
    {% for grain in kpi_all_grains() if grain in grains %}{% do found.append(grain) %}{% endfor %}
    {{ return(found) }}
{% endmacro %}

{% macro kpi_union_of(entries, key) %}
    {% set found = [] %}
    {% for entry in entries %}
        {% for name in entry[key] if name not in found %}{% do found.append(name) %}{% endfor %}
    {% endfor %}
    {{ return(found | sort) }}
{% endmacro %}

{# Decomposable measures: day x member rows added up to every grain. #}
{% macro kpi_additive_block(semantic_model, day_members, entries, columns) %}
    {%- set grains = kpi_in_order(kpi_union_of(entries, 'grains')) -%}
    select
        grain,
        period_start,
        dimension,
        member
        {{- kpi_block_columns(columns, entries | map(attribute='column') | list) }}
    from (
        select
            grains.grain,
            {{ kpi_period_case(grains) }} as period_start,
            dimension,
            member
            {%- for entry in entries %},
            cast({{ kpi_combine(entry.measure, entry.column) }} as double) as {{ entry.column }}
            {%- endfor %}
        from {{ day_members }}
        {{ 'inner' if kpi_grain_dimension(semantic_model) else 'cross' }} join {{ kpi_grain_rows(grains) }}
            {{- ' on row_grain = grains.grain' if kpi_grain_dimension(semantic_model) }}
        group by 1, 2, 3, 4
    ) as periods
{% endmacro %}

{#
    Distinct counts, medians, means, and what counts for some periods only: from the facts for every grain and member,
    never from other grains.
#}
{% macro kpi_holistic_block(semantic_model, relation, entry, columns) %}
    {%- set grains = kpi_in_order(entry.grains) -%}
    {%- set dimensions = entry.dimensions | sort -%}
    {%- set time_dimension = kpi_time_dimension(semantic_model, entry.measure) -%}
    {%- set periods = [] -%}
    {%- for grain in grains -%}{%- do periods.append(grain ~ '_start') -%}{%- endfor %}
    select
        case
            {%- for grain in grains %}
            when {{ grain }}_start is not null then '{{ grain }}'
            {%- endfor %}
        end as grain,
        coalesce({{ periods | join(', ') }}{{ ', null' if periods | length == 1 }}) as period_start,
        {{- kpi_dimension_and_member(dimensions) }}
        {{- kpi_block_columns(columns, [entry.column]) }}
    from (
        select
            {%- for grain in grains %}
            {{ grain }}_start,
            {%- endfor %}
            {%- for dimension in dimensions %}
            dim_{{ dimension }},
            {%- endfor %}
            cast({{ kpi_aggregate(entry.measure, entry.column) }} as double) as {{ entry.column }}
        from (
            select
                facts.*
                {%- for grain in grains %},
                {{ kpi_row_period(semantic_model, entry.measure, grain) }} as {{ grain }}_start
                {%- endfor %}
            from ({{ kpi_facts(semantic_model, relation, time_dimension, dimensions, [entry]) }}) as facts
            where {{ entry.column }} is not null
        ) as dated
        group by {{ kpi_grouping_sets(periods, dimensions) }}
    ) as sets
    where {{ periods | join(' is not null or ') }} is not null
{% endmacro %}

{#
    All measures of a semantic model that KPIs need, one row per grain, period_start, dimension, member.
    relation: the model the semantic model stands on, given as ref() so that dbt knows the order.
#}
{% macro kpi_measures(semantic_model_name, relation) %}
    {%- set spine = ref('time_spine') -%}
    {%- set links = ref('customer_links') -%}
    {%- if not execute -%}
        select 1 as nothing_is_known_while_parsing from {{ relation }}
    {%- else -%}
    {%- set semantic_model = kpi_semantic_model(semantic_model_name) -%}
    {%- set needed = kpi_needed_measures(semantic_model_name) -%}
    {%- if not needed -%}
        {{ exceptions.raise_compiler_error(
            "No KPI uses the semantic model '" ~ semantic_model_name ~ "': remove its int_kpi_measures model."
        ) }}
    {%- endif -%}
    {%- set columns = needed.keys() | list | sort -%}
    {%- set day_members = {} -%}
    {%- set states = {} -%}
    {%- set holistic = [] -%}
    {%- set largest = [] -%}
    {%- for column in columns -%}
        {%- set entry = needed[column] -%}
        {%- set time_dimension = kpi_time_dimension(semantic_model, entry.measure) -%}
        {%- if entry.largest -%}
            {%- do largest.append(entry) -%}
        {%- elif entry.is_running -%}
            {%- do states.setdefault(kpi_changes_name(entry, time_dimension), []).append(entry) -%}
        {%- elif kpi_is_decomposable(entry.measure) -%}
            {%- do day_members.setdefault('days_by_' ~ time_dimension, []).append(entry) -%}
        {%- else -%}
            {%- do holistic.append(entry) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set blocks = [] -%}
    {%- set ctes = [] -%}
    {%- for name, entries in day_members.items() -%}
        {%- set time_dimension = kpi_time_dimension(semantic_model, entries[0].measure) -%}
        {%- set dimensions = kpi_union_of(entries, 'dimensions') -%}
        {%- set rows = kpi_day_members(semantic_model, relation, time_dimension, dimensions, entries) -%}
        {%- do ctes.append(name ~ ' as (' ~ rows ~ ')') -%}
        {%- do blocks.append(kpi_additive_block(semantic_model, name, entries, columns)) -%}
    {%- endfor -%}
    {%- for name, entries in states.items() -%}
        {%- do ctes.append(name ~ ' as (' ~ kpi_changes(semantic_model, relation, entries) ~ ')') -%}
        {%- do blocks.append(kpi_state_block(name, spine, entries, columns)) -%}
    {%- endfor -%}
    {%- for entry in holistic -%}
        {%- do blocks.append(kpi_holistic_block(semantic_model, relation, entry, columns)) -%}
    {%- endfor -%}
    {%- for entry in largest -%}
        {%- do blocks.append(kpi_largest_block(semantic_model, relation, spine, entry, columns)) -%}
    {%- endfor %}
{{ 'with ' ~ ctes | join(',\n') if ctes }}
select
    grain,
    period_start,
    dimension,
    member
    {%- for column in columns %},
    max({{ column }}) as {{ column }}
    {%- endfor %}
from (
    {{ blocks | join('\n    union all\n') }}
) as blocks
group by grain, period_start, dimension, member
    {%- endif -%}
{% endmacro %}
