{#
    One semantic model's measures for every grain x dimension member: the SQL of the models int_kpi_measures__*.

    Decomposable measures (sum, count, min, max) are added up once to day x member, and the other grains from there.
    Distinct counts and medians are not additive: they are taken from the facts for each grain and member.
    Running measures add up changes to the period's end.
#}

{# First day of the period a date lies in; weeks are ISO weeks, quarters and years are fiscal. #}
{% macro kpi_period_start(grain, date) %}
    {%- set shift = (var('fiscal_year_start_month', 1) | int) - 1 -%}
    {%- if grain == 'day' -%} {{ date }}
    {%- elif grain in ['quarter', 'year'] and shift -%}
        {{ add_months(period_start(grain, add_months(date, -shift)), shift) }}
    {%- else -%} cast(date_trunc('{{ grain }}', {{ date }}) as date)
    {%- endif -%}
{% endmacro %}

{% macro kpi_time_dimension(semantic_model, measure) %}
    {% set default = semantic_model.defaults.agg_time_dimension if semantic_model.defaults else none %}
    {{ return(measure.agg_time_dimension or default) }}
{% endmacro %}

{% macro kpi_is_decomposable(measure) %}
    {{ return(measure.agg in ['sum', 'count', 'sum_boolean', 'min', 'max']) }}
{% endmacro %}

{# The aggregate of a measure over facts. #}
{% macro kpi_aggregate(measure, column) %}
    {%- if measure.agg == 'sum' -%} sum({{ column }})
    {%- elif measure.agg == 'count' -%} count({{ column }})
    {%- elif measure.agg == 'sum_boolean' -%} sum(case when {{ column }} then 1 else 0 end)
    {%- elif measure.agg in ['min', 'max', 'median'] -%} {{ measure.agg }}({{ column }})
    {%- elif measure.agg == 'average' -%} avg({{ column }})
    {%- elif measure.agg == 'count_distinct' -%} count(distinct {{ column }})
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "Measure '" ~ measure.name ~ "': aggregation " ~ measure.agg ~ " is not generated."
        ) }}
    {%- endif -%}
{% endmacro %}

{# How a decomposable measure is aggregated further: sums and counts add up, extremes stay extremes. #}
{% macro kpi_combine(measure, column) -%}
    {{ measure.agg if measure.agg in ['min', 'max'] else 'sum' }}({{ column }})
{%- endmacro %}

{# dimension and member of a grouping set: of the dimension columns at most one is not null in a row. #}
{% macro kpi_dimension_and_member(dimensions) %}
        {%- if dimensions %}
        case
            {%- for dimension in dimensions %}
            when dim_{{ dimension }} is not null then '{{ dimension }}'
            {%- endfor %}
            else 'total'
        end as dimension,
        coalesce({% for dimension in dimensions %}dim_{{ dimension }}, {% endfor %}'all') as member
        {%- else %}
        'total' as dimension,
        'all' as member
        {%- endif %}
{%- endmacro %}

{# grouping sets ((period), (period, dim_a), ...) over one or several period columns #}
{% macro kpi_grouping_sets(periods, dimensions) -%}
    grouping sets (
        {%- for period in periods %}
        ({{ period }}){% for dimension in dimensions %}, ({{ period }}, dim_{{ dimension }}){% endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# The facts with the measure's date, dimension members as text and measure expressions as columns. #}
{% macro kpi_facts(semantic_model, relation, time_dimension, dimensions, entries) %}
    select
        cast({{ kpi_dimension_sql(semantic_model, time_dimension) }} as date) as metric_date
        {%- for dimension in dimensions %},
        coalesce(cast({{ kpi_dimension_sql(semantic_model, dimension) }} as {{ dbt.type_string() }}), '(none)')
            as dim_{{ dimension }}
        {%- endfor %}
        {%- for entry in entries %},
        {{ entry.measure.expr or entry.measure.name }} as {{ entry.column }}
        {%- endfor %}
    from {{ kpi_relation(semantic_model, relation, entries) }} as fact
    where {{ kpi_dimension_sql(semantic_model, time_dimension) }} is not null
{% endmacro %}

{#
    The facts' table; with the resolved customer looked up where a measure counts customers and the table's rows carry
    the source's customer key only (config.meta.milepost.late_customer_id).
#}
{% macro kpi_relation(semantic_model, relation, entries) %}
    {%- set node = kpi_graph_model(semantic_model) -%}
    {%- set expressions = entries | map(attribute='measure') | map(attribute='expr') | map('string') | join(' ') -%}
    {%- if node.config.meta.get('milepost', {}).get('late_customer_id') and 'customer_id' in expressions -%}
        (
            select source_fact.*, {{ customer_id_column() }}
            from {{ relation }} as source_fact
            {%- set system = 'customer_system' if 'customer_system' in node.columns else 'source_system' %}
            {{ customer_id_lookup('source_fact', system) }}
        )
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{% endmacro %}

{# Day x dimension x member of decomposable measures: facts to day x all dimensions once, then grouping sets. #}
{% macro kpi_day_members(semantic_model, relation, time_dimension, dimensions, entries) %}
    select
        metric_date,
        {{- kpi_dimension_and_member(dimensions) }}
        {%- for entry in entries %},
        {{ kpi_combine(entry.measure, entry.column) }} as {{ entry.column }}
        {%- endfor %}
    from (
        select
            metric_date
            {%- for dimension in dimensions %}, dim_{{ dimension }}{% endfor %}
            {%- for entry in entries %},
            {{ kpi_aggregate(entry.measure, entry.column) }} as {{ entry.column }}
            {%- endfor %}
        from ({{ kpi_facts(semantic_model, relation, time_dimension, dimensions, entries) }}) as facts
        group by metric_date{% for dimension in dimensions %}, dim_{{ dimension }}{% endfor %}
    ) as days
    group by {{ kpi_grouping_sets(['metric_date'], dimensions) }}
{% endmacro %}

{% macro kpi_block_columns(all_columns, own_columns) %}
    {%- for column in all_columns %},
        {{ column if column in own_columns else 'cast(null as double)' }} as {{ column }}
    {%- endfor %}
{%- endmacro %}

{# grain and period_start for every grain asked for: from rows with a metric_date to rows per grain. #}
{% macro kpi_period_case(grains) -%}
    case grain
        {%- for grain in grains %}
        when '{{ grain }}' then {{ kpi_period_start(grain, 'metric_date') }}
        {%- endfor %}
    end
{%- endmacro %}

{% macro kpi_grain_rows(grains) -%}
    ({% for grain in grains %}select '{{ grain }}' as grain{{ ' union all ' if not loop.last }}{% endfor %}) as grains
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
{% macro kpi_additive_block(day_members, entries, columns) %}
    {%- set grains = kpi_in_order(kpi_union_of(entries, 'grains')) -%}
    select
        grain,
        period_start,
        dimension,
        member
        {{- kpi_block_columns(columns, entries | map(attribute='column') | list) }}
    from (
        select
            grain,
            {{ kpi_period_case(grains) }} as period_start,
            dimension,
            member
            {%- for entry in entries %},
            cast({{ kpi_combine(entry.measure, entry.column) }} as double) as {{ entry.column }}
            {%- endfor %}
        from {{ day_members }}
        cross join {{ kpi_grain_rows(grains) }}
        group by 1, 2, 3, 4
    ) as periods
{% endmacro %}

{# Running measures: every period from a member's first change to the build's date, changes added up to its end. #}
{% macro kpi_running_block(day_members, spine, entries, columns) %}
    {%- set grains = kpi_in_order(kpi_union_of(entries, 'grains')) -%}
    select
        grain,
        period_start,
        dimension,
        member
        {{- kpi_block_columns(columns, entries | map(attribute='column') | list) }}
    from (
        select
            grain,
            period_start,
            dimension,
            member
            {%- for entry in entries %},
            cast(
                sum({{ entry.column }}) over (
                    partition by grain, dimension, member order by period_start rows unbounded preceding
                ) as double
            ) as {{ entry.column }}
            {%- endfor %}
        from (
            select
                grain,
                {{ kpi_period_case(grains) }} as period_start,
                dimension,
                member
                {%- for entry in entries %},
                sum({{ entry.column }}) as {{ entry.column }}
                {%- endfor %}
            from (
                select metric_date, dimension, member{% for entry in entries %}, {{ entry.column }}{% endfor %}
                from {{ day_members }}
                where metric_date <= {{ as_of_date() }}
                union all
                select spine.date_day, members.dimension, members.member{% for entry in entries %}, 0{% endfor %}
                from (
                    select dimension, member, min(metric_date) as first_date
                    from {{ day_members }}
                    group by dimension, member
                ) as members
                inner join {{ spine }} as spine on members.first_date <= spine.date_day
                where spine.date_day <= {{ as_of_date() }}
            ) as changes
            cross join {{ kpi_grain_rows(grains) }}
            group by 1, 2, 3, 4
        ) as period_changes
    ) as running
{% endmacro %}

{# Distinct counts, medians, means: from the facts for every grain and member, never from other grains. #}
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
                {{ kpi_period_start(grain, 'metric_date') }} as {{ grain }}_start
                {%- endfor %}
            from ({{ kpi_facts(semantic_model, relation, time_dimension, dimensions, [entry]) }}) as facts
            where {{ entry.column }} is not null
        ) as dated
        group by {{ kpi_grouping_sets(periods, dimensions) }}
    ) as sets
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
    {%- set holistic = [] -%}
    {%- for column in columns -%}
        {%- set entry = needed[column] -%}
        {%- set time_dimension = kpi_time_dimension(semantic_model, entry.measure) -%}
        {%- set name = ('changes_by_' if entry.is_running else 'days_by_') ~ time_dimension -%}
        {%- if entry.is_running or kpi_is_decomposable(entry.measure) -%}
            {%- do day_members.setdefault(name, []).append(entry) -%}
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
        {%- if entries[0].is_running -%}
            {%- do blocks.append(kpi_running_block(name, spine, entries, columns)) -%}
        {%- else -%}
            {%- do blocks.append(kpi_additive_block(name, entries, columns)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for entry in holistic -%}
        {%- do blocks.append(kpi_holistic_block(semantic_model, relation, entry, columns)) -%}
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
