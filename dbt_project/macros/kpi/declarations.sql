{#
    Reading KPI declarations: metrics and semantic models of the project's graph, resolved to measures.

    Belongs here: what a declaration says. Not here: the SQL made of it (measures.sql, values.sql).
    A metric is a KPI when its `config.meta` has `kpi: true`; other metrics are only inputs of KPIs.
    Everything reads `graph`, which exists at execution only: callers guard with `execute`. Unit tests override the first
    three macros with declarations of their own; everything else goes through kpi_index.
#}

{% macro kpi_graph_metrics() %}
    {% if 'milepost_metrics' not in graph %}
        {% do graph.update({'milepost_metrics': graph.metrics.values() | list}) %}
    {% endif %}
    {{ return(graph['milepost_metrics']) }}
{% endmacro %}

{% macro kpi_graph_semantic_models() %}
    {% if 'milepost_semantic_models' not in graph %}
        {% do graph.update({'milepost_semantic_models': graph.semantic_models.values() | list}) %}
    {% endif %}
    {{ return(graph['milepost_semantic_models']) }}
{% endmacro %}

{# Columns and settings of the model that a semantic model stands on. #}
{% macro kpi_graph_model(semantic_model) %}{{ return(graph.nodes[semantic_model.depends_on.nodes[0]]) }}{% endmacro %}

{% macro kpi_all_grains() %}{{ return(['day', 'week', 'month', 'quarter', 'year']) }}{% endmacro %}

{#
    Declarations by name, made once for all models of a run (looking names up in lists would cost seconds):
    {metrics, semantic_models, metric, semantic_model, measure, needed}.
#}
{% macro kpi_index() %}
    {% set metrics = kpi_graph_metrics() %}
    {% set semantic_models = kpi_graph_semantic_models() %}
    {% set made = graph.get('milepost_kpi_index') %}
    {% if made and made.metrics is sameas metrics and made.semantic_models is sameas semantic_models %}
        {{ return(made) }}
    {% endif %}
    {% set index = {
        'metrics': metrics, 'semantic_models': semantic_models, 'metric': {}, 'semantic_model': {}, 'measure': {},
        'needed': {},
    } %}
    {% for metric in metrics %}{% do index.metric.update({metric.name: metric}) %}{% endfor %}
    {% for semantic_model in semantic_models %}
        {% do index.semantic_model.update({semantic_model.name: semantic_model}) %}
        {% for measure in semantic_model.measures %}
            {% do index.measure.update({measure.name: {'semantic_model': semantic_model, 'measure': measure}}) %}
        {% endfor %}
    {% endfor %}
    {% do graph.update({'milepost_kpi_index': index}) %}
    {{ return(index) }}
{% endmacro %}

{# All KPI metrics of the graph, in the order of their names. #}
{% macro kpi_metrics() %}
    {% set found = [] %}
    {% for metric in kpi_graph_metrics() if metric.config.meta.get('kpi') %}
        {% do found.append(metric) %}
    {% endfor %}
    {{ return(found | sort(attribute='name')) }}
{% endmacro %}

{% macro kpi_metric(name) %}
    {% set found = kpi_index().metric.get(name) %}
    {% if found %}{{ return(found) }}{% endif %}
    {{ exceptions.raise_compiler_error(
        "No metric is called '" ~ name
        ~ "'. Declare it under models/semantic, or set create_metric on its measure."
    ) }}
{% endmacro %}

{% macro kpi_semantic_model(name) %}
    {% set found = kpi_index().semantic_model.get(name) %}
    {% if found %}{{ return(found) }}{% endif %}
    {{ exceptions.raise_compiler_error(
        "No semantic model is called '" ~ name ~ "': declare it under models/semantic."
    ) }}
{% endmacro %}

{# The semantic model and the measure of that name (measure names are unique in a project). #}
{% macro kpi_measure(name) %}
    {% set found = kpi_index().measure.get(name) %}
    {% if found %}{{ return(found) }}{% endif %}
    {{ exceptions.raise_compiler_error("No semantic model has a measure called '" ~ name ~ "'.") }}
{% endmacro %}

{% macro kpi_grains(metric) %}{{ return(metric.config.meta.get('grains') or kpi_all_grains()) }}{% endmacro %}

{% macro kpi_dimensions(metric) %}{{ return(metric.config.meta.get('dimensions') or []) }}{% endmacro %}

{# Settings of a measure or semantic model under config.meta. #}
{% macro kpi_meta(element) %}{{ return((element.config or {}).get('meta') or {}) }}{% endmacro %}

{#
    How a simple or cumulative metric uses its measure: {state, window, largest}.
    state: none (the period's own records), last (sum of all changes up to the period's end), mean (its mean over the
    days of the period), opening (before the period's first day); window: {count, granularity}, the records of so much
    time up to the period's end; largest: {of, count or share}, the largest keys only.
#}
{% macro kpi_use(metric) %}
    {% set params = metric.type_params %}
    {% set own = params.cumulative_type_params or {} %}
    {% set window = params.window or own.window or none %}
    {% set use = {'state': none, 'window': none, 'largest': kpi_meta(metric).get('largest')} %}
    {% if metric.type == 'cumulative' %}
        {% set state = 'opening' if kpi_meta(metric).get('state') == 'opening' else own.period_agg or 'last' %}
        {% if params.grain_to_date or own.grain_to_date %}
            {{ exceptions.raise_compiler_error("Metric '" ~ metric.name ~ "': grain_to_date is not generated.") }}
        {% elif state == 'first' or (window and state != 'last') %}
            {{ exceptions.raise_compiler_error(
                "Metric '" ~ metric.name ~ "': say period_agg: last (or average, without a window) under"
                ~ " cumulative_type_params; MetricFlow's default takes the period's first day."
            ) }}
        {% endif %}
        {% do use.update({'state': 'mean' if state == 'average' else state | string, 'window': window}) %}
    {% endif %}
    {{ return(use) }}
{% endmacro %}

{# The column of a measure so used: one measure may be needed in several ways. #}
{% macro kpi_use_column(measure, use) %}
    {% set words = [measure.name] %}
    {% if use.largest %}
        {% do words.append('_largest_' ~ (use.largest.count or (use.largest.share * 100) | int ~ '_percent')) %}
        {% do words.append('of_' ~ use.largest.of) %}
    {% endif %}
    {% if use.state %}{% do words.append('_running' if use.state == 'last' else '_' ~ use.state) %}{% endif %}
    {% if use.window %}{% do words.append(use.window.count ~ '_' ~ use.window.granularity) %}{% endif %}
    {{ return(words | join('_')) }}
{% endmacro %}

{# The measures a metric is made of: a list of {semantic_model, measure, is_running, column, state, window, largest}. #}
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
        {% set found = kpi_measure(params.measure.name) %}
        {% set use = kpi_use(metric) %}
        {% if use.state and found.measure.agg not in ['sum', 'count', 'sum_boolean', 'count_distinct'] %}
            {{ exceptions.raise_compiler_error(
                "Metric '" ~ metric.name ~ "': sums, counts and distinct counts can be running; "
                ~ found.measure.agg ~ " cannot."
            ) }}
        {% endif %}
        {% if use.largest and found.measure.agg != 'sum' %}
            {{ exceptions.raise_compiler_error("Metric '" ~ metric.name ~ "': largest is of sums.") }}
        {% endif %}
        {% do inputs.append({
            'semantic_model': found.semantic_model.name,
            'measure': found.measure,
            'is_running': metric.type == 'cumulative',
            'column': kpi_use_column(found.measure, use),
            'state': use.state,
            'window': use.window,
            'largest': use.largest,
        }) %}
    {% elif metric.type == 'ratio' %}
        {% for side in [params.numerator, params.denominator] %}
            {% do inputs.extend(kpi_inputs(kpi_metric(side.name))) %}
        {% endfor %}
    {% elif metric.type == 'derived' %}
        {% if modules.re.search('/(?!\\s*nullif\\()', params.expr) %}
            {{ exceptions.raise_compiler_error(
                "Metric '" ~ metric.name ~ "' divides: write a / nullif(b, 0), so that it is missing where b is zero."
            ) }}
        {% endif %}
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
    Returns a list of {metric, dimensions, grains, of_total}; `total` is a dimension like the others here; of_total:
    the denominator is that of the whole (meta `denominator: total`, `denominator_by_dimension: {<dimension>: total}`).
#}
{% macro kpi_cases(metric) %}
    {% set meta = metric.config.meta %}
    {% set by_dimension = meta.get('metric_by_dimension') or {} %}
    {% set by_grain = meta.get('metric_by_grain') or {} %}
    {% set whole_by_dimension = meta.get('denominator_by_dimension') or {} %}
    {% set all_dimensions = (['total'] if meta.get('total', true) else []) + kpi_dimensions(metric) %}
    {% set groups = {} %}
    {% for dimension in all_dimensions %}
        {% set of_total = (meta.get('denominator') or whole_by_dimension.get(dimension)) == 'total' %}
        {% do groups.setdefault((by_dimension.get(dimension, metric.name), of_total), []).append(dimension) %}
    {% endfor %}
    {% set cases = [] %}
    {% set own_grains = kpi_grains(metric) | reject('in', by_grain.keys() | list) | list %}
    {% if own_grains %}
        {% for key, dimensions in groups.items() %}
            {% set used = metric if key[0] == metric.name else kpi_metric(key[0]) %}
            {% do cases.append(
                {'metric': used, 'dimensions': dimensions, 'grains': own_grains, 'of_total': key[1]}
            ) %}
        {% endfor %}
    {% endif %}
    {% for grain, name in by_grain.items() %}
        {% set of_total = meta.get('denominator') == 'total' %}
        {% do cases.append(
            {'metric': kpi_metric(name), 'dimensions': all_dimensions, 'grains': [grain], 'of_total': of_total}
        ) %}
    {% endfor %}
    {{ return(cases) }}
{% endmacro %}

{#
    All measures of one semantic model that KPIs need, each with the dimensions and grains it is needed for:
    a dictionary column -> {measure, is_running, state, window, largest, dimensions, grains}.
#}
{% macro kpi_needed_measures(semantic_model_name) %}
    {% set index = kpi_index() %}
    {% if not index.needed %}
        {% set needed = {} %}
        {% for metric in kpi_metrics() %}
            {% for case in kpi_cases(metric) %}
                {% for input in kpi_inputs(case.metric) %}
                    {% set columns = needed.setdefault(input.semantic_model, {}) %}
                    {% if input.column not in columns %}
                        {% do columns.update({input.column: dict(input, dimensions=[], grains=[])}) %}
                    {% endif %}
                    {% set entry = columns[input.column] %}
                    {% for dimension in case.dimensions if dimension != 'total' and dimension not in entry.dimensions %}
                        {% do entry.dimensions.append(dimension) %}
                    {% endfor %}
                    {% for grain in case.grains if grain not in entry.grains %}
                        {% do entry.grains.append(grain) %}
                    {% endfor %}
                {% endfor %}
            {% endfor %}
        {% endfor %}
        {% do index.needed.update(needed) %}
    {% endif %}
    {{ return(index.needed.get(semantic_model_name) or {}) }}
{% endmacro %}

{# Names of the semantic models that KPIs use: each needs a model int_kpi_measures__<name>. #}
{% macro kpi_semantic_models() %}
    {% do kpi_needed_measures('') %}
    {{ return(kpi_index().needed.keys() | sort) }}
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
