{#
    The facts of a semantic model as the generator reads them: dates, members, measures; periods and grouping sets.

    Belongs here: everything that the ways of aggregating (measures.sql, states.sql, largest.sql) share.
    Not here: an aggregation over periods.
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
    {{ return(measure.agg in ['sum', 'count', 'sum_boolean', 'min', 'max'] and not kpi_condition_date(measure)) }}
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

{# grouping sets ((period), (period, dim_a), ...) over one or several period columns (or lists of columns) #}
{% macro kpi_grouping_sets(periods, dimensions) -%}
    grouping sets (
        {%- for period in periods %}
        ({{ period }}){% for dimension in dimensions %}, ({{ period }}, dim_{{ dimension }}){% endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# The dimension whose value says for which grain a row is (config.meta.grain_dimension of the semantic model). #}
{% macro kpi_grain_dimension(semantic_model) %}{{ return(kpi_meta(semantic_model).get('grain_dimension')) }}{% endmacro %}

{#
    The facts with the measure's date, dimension members as text and measure expressions as columns; row_grain where
    the rows are each for one grain.
#}
{% macro kpi_facts(semantic_model, relation, time_dimension, dimensions, entries) %}
    {%- set grain_dimension = kpi_grain_dimension(semantic_model) %}
    select
        cast({{ kpi_dimension_sql(semantic_model, time_dimension) }} as date) as metric_date
        {%- if grain_dimension %},
        {{ kpi_dimension_sql(semantic_model, grain_dimension) }} as row_grain
        {%- endif %}
        {%- for dimension in dimensions %},
        coalesce(cast({{ kpi_dimension_sql(semantic_model, dimension) }} as {{ dbt.type_string() }}), '(none)')
            as dim_{{ dimension }}
        {%- endfor %}
        {%- for entry in entries %},
        {{ entry.measure.expr or entry.measure.name }} as {{ entry.column }}
        {%- endfor %}
        {%- if entries | length == 1 and kpi_condition_date(entries[0].measure) %},
        cast({{ kpi_dimension_sql(semantic_model, kpi_condition_date(entries[0].measure)) }} as date) as condition_date
        {%- endif %}
        {%- if entries | length == 1 and entries[0].largest %},
        {{ entries[0].largest.of }} as largest_key
        {%- endif %}
    from {{ kpi_relation(semantic_model, relation, entries) }} as fact
    where {{ kpi_dimension_sql(semantic_model, time_dimension) }} is not null
{% endmacro %}

{#
    The second date of a measure that counts a record for some periods of its own date only (config.meta of the
    measure): by_period_end: the second date is not after the period's last day so far; same_period_as: it lies in the period.
#}
{% macro kpi_condition_date(measure) %}
    {% set meta = kpi_meta(measure) %}
    {{ return(meta.get('by_period_end') or meta.get('same_period_as')) }}
{% endmacro %}

{# First day of the period of a row of kpi_facts, null where the row does not count for that grain. #}
{% macro kpi_row_period(semantic_model, measure, grain) -%}
    {%- set start = kpi_period_start(grain, 'metric_date') | trim -%}
    {%- set conditions = [] -%}
    {%- if kpi_meta(measure).get('by_period_end') -%}
        {%- set next_start = next_period_start("'" ~ grain ~ "'", start) -%}
        {%- do conditions.append('condition_date < ' ~ next_start ~ ' and condition_date <= ' ~ as_of_date()) -%}
    {%- elif kpi_meta(measure).get('same_period_as') -%}
        {%- do conditions.append((kpi_period_start(grain, 'condition_date') | trim) ~ ' = ' ~ start) -%}
    {%- endif -%}
    {%- if kpi_grain_dimension(semantic_model) -%}
        {%- do conditions.append("row_grain = '" ~ grain ~ "'") -%}
    {%- endif -%}
    {{ 'case when ' ~ conditions | join(' and ') ~ ' then ' ~ start ~ ' end' if conditions else start }}
{%- endmacro %}

{#
    The facts' table; with the resolved customer looked up where a measure counts customers and the table's rows carry
    the source's customer key only (config.meta.milepost.late_customer_id).
#}
{% macro kpi_relation(semantic_model, relation, entries) %}
    {%- set node = kpi_graph_model(semantic_model) -%}
    {%- set expressions = [] -%}
    {%- for entry in entries -%}
        {%- do expressions.append(entry.measure.expr ~ ' ' ~ (entry.largest or {}).get('of')) -%}
    {%- endfor -%}
    {%- if node.config.meta.get('milepost', {}).get('late_customer_id') and 'customer_id' in expressions | join(' ') -%}
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

