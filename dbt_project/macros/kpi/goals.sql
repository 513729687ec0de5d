{#
    Actual values of goals whose cell crosses dimensions (region x product_line, ...), from the declarations.

    Belongs here: SQL over crossings of cell columns. Not here: goals of one dimension (they read kpi_values).
    Only measures that add up can be crossed after aggregation; a distinct count of a crossing has no actual.
#}

{# Cell columns of a goal, in the order in which a crossing names them, and the KPI dimension each stands for. #}
{% macro goal_cell_columns() %}
    {{ return({
        'region': 'region',
        'product_line': 'product_line',
        'channel': 'channel',
        'team': 'team',
        'employee': 'employee_id',
        'customer_group': 'customer_group',
    }) }}
{% endmacro %}

{# Names of the cell columns that are filled, joined by ' x '; total where none is. #}
{% macro goal_cell_dimension() -%}
    coalesce(nullif(concat_ws(
        ' x '
        {%- for name, column in goal_cell_columns().items() %},
        case when {{ column }} is not null then '{{ name }}' end
        {%- endfor %}
    ), ''), 'total')
{%- endmacro %}

{# An entry of a spread as people read it: 2026-10: 1234.50. #}
{% macro spread_entry(month_start, amount) -%}
    substr(cast({{ month_start }} as string), 1, 7) || ': '
    || cast(cast({{ amount }} as decimal(18, 2)) as string)
{%- endmacro %}

{# All subsets of two or more of the given names, each in the given order. #}
{% macro goal_crossings(names) %}
    {% set subsets = [[]] %}
    {% for name in names %}
        {% for subset in subsets[:] %}{% do subsets.append(subset + [name]) %}{% endfor %}
    {% endfor %}
    {% set crossings = [] %}
    {% for subset in subsets if subset | length > 1 %}{% do crossings.append(subset) %}{% endfor %}
    {{ return(crossings) }}
{% endmacro %}

{# KPIs that can be computed for crossings of a semantic model: all inputs are sums of that model. #}
{% macro goal_crossable_kpis(semantic_model_name) %}
    {% set found = [] %}
    {% for metric in kpi_metrics() %}
        {% set meta = metric.config.meta %}
        {% set additive = namespace(all=not meta.get('denominator') and not meta.get('metric_by_grain')) %}
        {% if metric.type == 'derived' %}{% set additive.all = false %}{% endif %}
        {% for side in [metric.type_params.numerator, metric.type_params.denominator] if side %}
            {% if kpi_metric(side.name).type == 'derived' %}{% set additive.all = false %}{% endif %}
        {% endfor %}
        {% for input in kpi_inputs(metric) %}
            {% set is_sum = kpi_is_decomposable(input.measure) and input.measure.agg not in ['min', 'max']
                and not input.is_running and not input.largest %}
            {% if input.semantic_model != semantic_model_name or not is_sum %}
                {% set additive.all = false %}
            {% endif %}
        {% endfor %}
        {% if additive.all %}{% do found.append(metric) %}{% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#
    goal_key and actual of goals on crossings, from the facts of one semantic model.
    goals: relation with goal_key, kpi_id, grain, period_start, dimension and the cell columns.
#}
{% macro goal_crossing_actuals(semantic_model_name, relation, goals) %}
    {%- set links = ref('customer_links') -%}
    {%- if not execute -%}
        select 1 as nothing_is_known_while_parsing from {{ relation }}
    {%- else -%}
    {%- set semantic_model = kpi_semantic_model(semantic_model_name) -%}
    {%- set kpis = goal_crossable_kpis(semantic_model_name) -%}
    {%- set entries = [] -%}
    {%- set columns = {} -%}
    {%- for kpi in kpis -%}
        {%- for input in kpi_inputs(kpi) if input.column not in columns -%}
            {%- do columns.update({input.column: 'coalesce(' ~ input.column ~ ', 0)'}) -%}
            {%- do entries.append(input) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set cells = goal_cell_columns() -%}
    {%- set declared = semantic_model.dimensions | map(attribute='name') | list -%}
    {%- set dimensions = cells.keys() | select('in', declared) | list -%}
    {%- if not kpis or dimensions | length < 2 -%}
        {{ exceptions.raise_compiler_error(
            "Semantic model '" ~ semantic_model_name ~ "' has no crossable KPI or fewer than two cell dimensions."
        ) }}
    {%- endif -%}
    {%- set time_dimension = kpi_time_dimension(semantic_model, entries[0].measure) %}
with months as (
    select
        {{ period_start('month', 'metric_date') }} as month_start
        {%- for dimension in dimensions %}, dim_{{ dimension }}{% endfor %}
        {%- for entry in entries %},
        {{ kpi_aggregate(entry.measure, entry.column) }} as {{ entry.column }}
        {%- endfor %}
    from ({{ kpi_facts(semantic_model, relation, time_dimension, dimensions, entries) }}) as facts
    group by 1{% for dimension in dimensions %}, dim_{{ dimension }}{% endfor %}
),

sums as (
    {%- for crossing in goal_crossings(dimensions) %}
    select
        goal.goal_key,
        goal.kpi_id
        {%- for entry in entries %},
        sum(months.{{ entry.column }}) as {{ entry.column }}
        {%- endfor %}
    from {{ goals }} as goal
    inner join months
        on
            case goal.grain
                when 'year' then {{ kpi_period_start('year', 'months.month_start') }}
                when 'quarter' then {{ kpi_period_start('quarter', 'months.month_start') }}
                when 'month' then months.month_start
            end = goal.period_start
            {%- for dimension in crossing %}
            and months.dim_{{ dimension }} = goal.{{ cells[dimension] }}
            {%- endfor %}
    where goal.dimension = '{{ crossing | join(" x ") }}'
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    goal.goal_key,
    cast(
        case goal.kpi_id
            {%- for kpi in kpis %}
            when '{{ kpi.name }}' then {{ kpi_value_sql(kpi, columns) }}
            {%- endfor %}
        end as double
    ) as actual
from {{ goals }} as goal
left join sums on goal.goal_key = sums.goal_key
where
    goal.kpi_id in ({{ kpi_texts(kpis | map(attribute='name') | list) }})
    and goal.dimension in (
        {%- for crossing in goal_crossings(dimensions) %}
        '{{ crossing | join(" x ") }}'{{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- endif -%}
{% endmacro %}
