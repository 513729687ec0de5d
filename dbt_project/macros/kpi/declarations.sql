{#
    Reading KPI declarations: metrics and semantic models of the project's graph, resolved to measures.

    Belongs here: what a declaration says. Not here: the SQL made of it (measures.sql, values.sql).
    A metric is a KPI when its `config.meta` has `kpi: true`; other metrics are only inputs of KPIs.
    Everything reads `graph`, which exists at execution only: callers guard with `execute`. Only the first three macros
    touch it, so that unit tests can override them with declarations of their own.
#}

{% macro kpi_graph_metrics() %}{{ return(graph.metrics.values() | list) }}{% endmacro %}

{% macro kpi_graph_semantic_models() %}{{ return(graph.semantic_models.values() | list) }}{% endmacro %}

{# Columns and settings of the model that a semantic model stands on. #}
{% macro kpi_graph_model(semantic_model) %}{{ return(graph.nodes[semantic_model.depends_on.nodes[0]]) }}{% endmacro %}

{% macro kpi_all_grains() %}{{ return(['day', 'week', 'month', 'quarter', 'year']) }}{% endmacro %}

{# All KPI metrics of the graph, in the order of their names. #}
{% macro kpi_metrics() %}
    {% set found = [] %}
    {% for metric in kpi_graph_metrics() if metric.config.meta.get('kpi') %}
        {% do found.append(metric) %}
    {% endfor %}
    {{ return(found | sort(attribute='name')) }}
{% endmacro %}

{% macro kpi_metric(name) %}
    {% for metric in kpi_graph_metrics() if metric.name == name %}
        {{ return(metric) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error(
        "No metric is called '" ~ name
        ~ "'. Declare it under models/semantic, or set create_metric on its measure."
    ) }}
{% endmacro %}

{% macro kpi_semantic_model(name) %}
    {% for semantic_model in kpi_graph_semantic_models() if semantic_model.name == name %}
        {{ return(semantic_model) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error(
        "No semantic model is called '" ~ name ~ "': declare it under models/semantic."
    ) }}
{% endmacro %}

{# The semantic model and the measure of that name (measure names are unique in a project). #}
{% macro kpi_measure(name) %}
    {% for semantic_model in kpi_graph_semantic_models() %}
        {% for measure in semantic_model.measures if measure.name == name %}
            {{ return({'semantic_model': semantic_model, 'measure': measure}) }}
        {% endfor %}
    {% endfor %}
    {{ exceptions.raise_compiler_error("No semantic model has a measure called '" ~ name ~ "'.") }}
{% endmacro %}

{% macro kpi_grains(metric) %}{{ return(metric.config.meta.get('grains') or kpi_all_grains()) }}{% endmacro %}

{% macro kpi_dimensions(metric) %}{{ return(metric.config.meta.get('dimensions') or []) }}{% endmacro %}

{#
    The measures a metric is made of: a list of {semantic_model, measure, is_running, column}.
    is_running: a cumulative metric without a window, the sum of all changes up to the period's end.
#}
{% macro kpi_inputs(metric) %}
    {% set params = metric.type_params %}
    {% set inputs = [] %}
    {% if metric.filter %}
        {{ exceptions.raise_compiler_error(
            "Metric '" ~ metric.name
            ~ "' has a filter: put the condition into the expr of its measure, so that kpi_values and mf query agree."
        ) }}
    {% endif %}
    {% if metric.type in ['simple', 'cumulative'] %}
        {% set is_running = metric.type == 'cumulative' %}
        {% set own = params.cumulative_type_params or {} %}
        {% if is_running and (params.window or params.grain_to_date or own.window or own.grain_to_date) %}
            {{ exceptions.raise_compiler_error(
                "Metric '" ~ metric.name
                ~ "': a cumulative metric with a window is not generated; give its changes (+1 on entry, -1 on "
                ~ "exit) as the measure and leave the window out."
            ) }}
        {% endif %}
        {% set found = kpi_measure(params.measure.name) %}
        {% do inputs.append({
            'semantic_model': found.semantic_model.name,
            'measure': found.measure,
            'is_running': is_running,
            'column': found.measure.name ~ ('__running' if is_running else ''),
        }) %}
    {% elif metric.type == 'ratio' %}
        {% for side in [params.numerator, params.denominator] %}
            {% do inputs.extend(kpi_inputs(kpi_metric(side.name))) %}
        {% endfor %}
    {% elif metric.type == 'derived' %}
        {% for input in params.metrics %}
            {% if input.offset_window or input.offset_to_grain %}
                {{ exceptions.raise_compiler_error(
                    "Metric '" ~ metric.name
                    ~ "': offsets are not generated; comparisons with other periods have a mart of their own."
                ) }}
            {% endif %}
            {% do inputs.extend(kpi_inputs(kpi_metric(input.name))) %}
        {% endfor %}
    {% else %}
        {{ exceptions.raise_compiler_error(
            "Metric '" ~ metric.name ~ "' is of type " ~ metric.type
            ~ ": KPIs are simple, ratio, derived or cumulative."
        ) }}
    {% endif %}
    {{ return(inputs) }}
{% endmacro %}

{#
    What a KPI is computed from, case by case: the metric itself, and other metrics in place of it for single
    dimensions or grains (meta `metric_by_dimension`, `metric_by_grain`).
    Returns a list of {metric, dimensions, grains}; `total` is a dimension like the others here.
#}
{% macro kpi_cases(metric) %}
    {% set by_dimension = metric.config.meta.get('metric_by_dimension') or {} %}
    {% set by_grain = metric.config.meta.get('metric_by_grain') or {} %}
    {% set cases = [] %}
    {% set own_dimensions = (['total'] + kpi_dimensions(metric)) | reject('in', by_dimension.keys() | list) | list %}
    {% set own_grains = kpi_grains(metric) | reject('in', by_grain.keys() | list) | list %}
    {% if own_grains %}
        {% do cases.append({'metric': metric, 'dimensions': own_dimensions, 'grains': own_grains}) %}
        {% for dimension, name in by_dimension.items() %}
            {% do cases.append({'metric': kpi_metric(name), 'dimensions': [dimension], 'grains': own_grains}) %}
        {% endfor %}
    {% endif %}
    {% for grain, name in by_grain.items() %}
        {% set dimensions = ['total'] + kpi_dimensions(metric) %}
        {% do cases.append({'metric': kpi_metric(name), 'dimensions': dimensions, 'grains': [grain]}) %}
    {% endfor %}
    {{ return(cases) }}
{% endmacro %}

{#
    All measures of one semantic model that KPIs need, each with the dimensions and grains it is needed for:
    a dictionary column -> {measure, is_running, dimensions, grains}.
#}
{% macro kpi_needed_measures(semantic_model_name) %}
    {% set needed = {} %}
    {% for metric in kpi_metrics() %}
        {% for case in kpi_cases(metric) %}
            {% for input in kpi_inputs(case.metric) if input.semantic_model == semantic_model_name %}
                {% if input.column not in needed %}
                    {% do needed.update({input.column: {
                        'measure': input.measure,
                        'is_running': input.is_running,
                        'column': input.column,
                        'dimensions': [],
                        'grains': [],
                    }}) %}
                {% endif %}
                {% set entry = needed[input.column] %}
                {% for dimension in case.dimensions if dimension != 'total' and dimension not in entry.dimensions %}
                    {% do entry.dimensions.append(dimension) %}
                {% endfor %}
                {% for grain in case.grains if grain not in entry.grains %}
                    {% do entry.grains.append(grain) %}
                {% endfor %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(needed) }}
{% endmacro %}

{# Names of the semantic models that KPIs use: each needs a model int_kpi_measures__<name>. #}
{% macro kpi_semantic_models() %}
    {% set names = [] %}
    {% for metric in kpi_metrics() %}
        {% for case in kpi_cases(metric) %}
            {% for input in kpi_inputs(case.metric) if input.semantic_model not in names %}
                {% do names.append(input.semantic_model) %}
            {% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(names | sort) }}
{% endmacro %}

{# SQL of a named dimension of a semantic model. #}
{% macro kpi_dimension_sql(semantic_model, name) %}
    {% for dimension in semantic_model.dimensions if dimension.name == name %}
        {{ return(dimension.expr or dimension.name) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error(
        "Semantic model '" ~ semantic_model.name ~ "' has no dimension '" ~ name
        ~ "', which a KPI declares: add it there, or drop it from the KPI."
    ) }}
{% endmacro %}
