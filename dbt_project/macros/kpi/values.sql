{#
    kpi_values and kpi_catalogue from the declarations.

    Belongs here: values out of the measures (measures.sql) and the catalogue's rows. Not here: any single KPI.
#}

{# A text literal. #}
{% macro kpi_text(value) -%}
    {%- if value is none -%} cast(null as {{ dbt.type_string() }})
    {%- elif value is string -%} '{{ value | replace("'", "''") }}'
    {%- elif value is sequence -%} '{{ value | join(", ") | replace("'", "''") }}'
    {%- else -%} '{{ value | string | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}

{# Text literals, separated by commas. #}
{% macro kpi_texts(values) -%}
    {%- for value in values %}{{ kpi_text(value) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro kpi_number(value) -%}
    cast({{ 'null' if value is none else value }} as double)
{%- endmacro %}

{#
    SQL of a metric's value over the columns of its measures; columns: column -> SQL; whole: the same of the total, for
    shares of it: a ratio's denominator is read there. The expr of a derived metric may say period_days (days of the
    period so far) and trailing_days(12 months), where `columns` has period_start and last_day.
#}
{% macro kpi_value_sql(metric, columns, whole=none) %}
    {% set params = metric.type_params %}
    {% if metric.type in ['simple', 'cumulative'] %}
        {{ return(columns[kpi_inputs(metric)[0].column]) }}
    {% elif metric.type == 'ratio' %}
        {% set numerator = kpi_value_sql(kpi_metric(params.numerator.name), columns) %}
        {% set denominator = kpi_value_sql(kpi_metric(params.denominator.name), whole or columns) %}
        {{ return('(' ~ numerator ~ ') / nullif(' ~ denominator ~ ', 0)') }}
    {% elif metric.type == 'derived' %}
        {# first marks, then what they stand for: a name may occur in the SQL of another one #}
        {% set expression = namespace(sql=params.expr) %}
        {% for input in params.metrics %}
            {% set name = input.alias or input.name %}
            {% set expression.sql = modules.re.sub('\\b' ~ name ~ '\\b', '@' ~ loop.index ~ '@', expression.sql) %}
        {% endfor %}
        {% set expression.sql = kpi_day_words(expression.sql, columns) %}
        {% for input in params.metrics %}
            {% set value = kpi_value_sql(kpi_metric(input.name), columns, whole) %}
            {% set expression.sql = expression.sql | replace('@' ~ loop.index ~ '@', '(' ~ value ~ ')') %}
        {% endfor %}
        {{ return(expression.sql) }}
    {% endif %}
{% endmacro %}

{# Numbers of days in an expression: period_days, trailing_days(12 months). #}
{% macro kpi_day_words(sql, columns) %}
    {% if not kpi_has_day_words(sql) %}{{ return(sql) }}{% endif %}
    {% set last = columns['last_day'] %}
    {% set days = '(' ~ days_between(columns['period_start'], last) ~ ' + 1)' %}
    {% set found = namespace(sql=modules.re.sub('\\bperiod_days\\b', days, sql)) %}
    {% for words in modules.re.findall('trailing_days\\(\\d+ [a-z]+\\)', sql) %}
        {% set count, granularity = words[14:-1].split(' ') %}
        {% set window = {'count': -(count | int), 'granularity': granularity} %}
        {% set days = days_between(kpi_window_end(last, window) | trim, last) %}
        {% set found.sql = found.sql | replace(words, days) %}
    {% endfor %}
    {{ return(found.sql) }}
{% endmacro %}

{% macro kpi_has_day_words(sql) %}{{ return('period_days' in sql or 'trailing_days' in sql) }}{% endmacro %}

{#
    A measure without rows where others have some: a sum of nothing is zero, an extreme, median or mean of nothing is
    missing.
#}
{% macro kpi_measure_column(input, alias) %}
    {% set column = alias ~ '.' ~ input.column %}
    {% if input.measure.agg in ['sum', 'count', 'sum_boolean', 'count_distinct'] %}
        {{ return('coalesce(' ~ column ~ ', 0)') }}
    {% endif %}
    {{ return(column) }}
{% endmacro %}

{# A median, a window, a state or an extreme has no parts that could be summed: numerator and denominator stay null. #}
{% macro kpi_has_parts(metric) %}
    {% set additive = namespace(all=metric.type != 'derived') %}
    {% set without_parts = ['median', 'average', 'min', 'max'] %}
    {% for input in kpi_inputs(metric) if input.is_running or input.measure.agg in without_parts %}
        {% set additive.all = false %}
    {% endfor %}
    {{ return(additive.all) }}
{% endmacro %}

{# Grows over the days of a period, so that a plan to date is a part of the target: sums and counts only. #}
{% macro kpi_accumulates(metric) %}
    {% set inputs = kpi_inputs(metric) %}
    {% set sums = ['sum', 'count', 'sum_boolean', 'count_distinct'] %}
    {{ return(metric.type == 'simple' and inputs[0].measure.agg in sums and not inputs[0].largest) }}
{% endmacro %}

{# A key column over the joined parts of one KPI: part_0, part_1, ... #}
{% macro kpi_key_sql(key, part_count) %}
    {% set columns = [] %}
    {% for number in range(part_count) %}{% do columns.append('part_' ~ number ~ '.' ~ key) %}{% endfor %}
    {{ return(columns[0] if part_count == 1 else 'coalesce(' ~ columns | join(', ') ~ ')') }}
{% endmacro %}

{# Value, numerator and denominator of a metric as SQL; whole: columns of the total, for shares of it. #}
{% macro kpi_value_parts(metric, columns, whole=none) %}
    {% if metric.type != 'ratio' %}
        {% set value = kpi_value_sql(metric, columns, whole) %}
        {{ return({'value': value, 'numerator': value, 'denominator': none}) }}
    {% endif %}
    {% set numerator = kpi_value_sql(kpi_metric(metric.type_params.numerator.name), columns) %}
    {% set denominator = kpi_value_sql(kpi_metric(metric.type_params.denominator.name), whole or columns) %}
    {{ return({
        'value': '(' ~ numerator ~ ') / nullif(' ~ denominator ~ ', 0)',
        'numerator': numerator,
        'denominator': denominator,
    }) }}
{% endmacro %}

{# The measures of a semantic model that a case reads, cut down before they are joined. #}
{% macro kpi_part(relation, case) -%}
    (
        select * from {{ relation }}
        where grain in ({{ kpi_texts(case.grains) }}) and dimension in ({{ kpi_texts(case.dimensions) }})
    )
{%- endmacro %}

{#
    Rows of one KPI for one case of its declaration (see kpi_cases). parts: semantic model -> relation; all_parts: fill
    numerator and denominator also where they do not add up over periods.
#}
{% macro kpi_case_rows(kpi, case, parts, all_parts=false) %}
    {%- set inputs = kpi_inputs(case.metric) -%}
    {%- set used = inputs | map(attribute='semantic_model') | unique | list -%}
    {%- set of_total = case.of_total -%}
    {%- if of_total and case.metric.type not in ['ratio', 'derived'] -%}
        {{ exceptions.raise_compiler_error(
            "KPI '" ~ kpi.name ~ "': a share of the total is a ratio, or derived from ratios."
        ) }}
    {%- endif -%}
    {%- set grain = kpi_key_sql('grain', used | length) -%}
    {%- set period_start = kpi_key_sql('period_start', used | length) -%}
    {%- set last_day = 'least(' ~ add_days(next_period_start(grain, period_start) | trim, -1)
        ~ ', ' ~ as_of_date() ~ ')' -%}
    {%- set columns = {'period_start': period_start, 'last_day': last_day} -%}
    {%- set whole = {} -%}
    {%- set is_there = [] -%}
    {%- for input in inputs -%}
        {%- set alias = 'part_' ~ used.index(input.semantic_model) -%}
        {%- do columns.update({input.column: kpi_measure_column(input, alias)}) -%}
        {%- do whole.update({input.column: kpi_measure_column(input, 'whole_' ~ used.index(input.semantic_model))}) -%}
        {%- do is_there.append(alias ~ '.' ~ input.column ~ ' is not null') -%}
    {%- endfor -%}
    {%- set sql = kpi_value_parts(case.metric, columns, whole if of_total else none) -%}
    {%- set has_parts = all_parts or kpi_has_parts(case.metric) -%}
    {%- set keys = ['grain', 'period_start', 'dimension', 'member'] -%}
    {%- set parts_before = {} -%}
    {%- for name in used -%}{%- do parts_before.update({name: loop.index0}) -%}{%- endfor %}
    select
        {{ kpi_text(kpi.name) }} as kpi_id
        {%- for key in keys %},
        {{ kpi_key_sql(key, used | length) }} as {{ key }}
        {%- endfor %},
        {{ kpi_number(sql.value) }} as value,
        {{ kpi_number(sql.numerator if has_parts else none) }} as numerator,
        {{ kpi_number(sql.denominator if has_parts else none) }} as denominator,
        {{ kpi_text(kpi.config.meta.get('unit')) }} as unit
    from {{ kpi_part(parts[used[0]], case) }} as part_0
    {%- for name in used[1:] %}
    {%- set alias = 'part_' ~ loop.index %}
    full outer join {{ kpi_part(parts[name], case) }} as {{ alias }}
        on
            {%- for key in keys %}
            {{ 'and ' if not loop.first }}{{ kpi_key_sql(key, parts_before[name]) }} = {{ alias }}.{{ key }}
            {%- endfor %}
    {%- endfor %}
    {%- for name in used if of_total %}
    {%- set alias = 'whole_' ~ loop.index0 %}
    left join {{ parts[name] }} as {{ alias }}
        on
            {{ grain }} = {{ alias }}.grain
            and {{ period_start }} = {{ alias }}.period_start
            and {{ alias }}.dimension = 'total'
    {%- endfor %}
    where
        ({{ is_there | join(' or ') }})
        {%- if not kpi.config.meta.get('future') %}
        and {{ period_start }} <= {{ as_of_date() }}
        {%- endif %}
{%- endmacro %}

{#
    All rows of kpi_values. parts: dictionary semantic model -> relation of its int_kpi_measures model.
    Fails when a KPI's semantic model has no such model.
#}
{% macro kpi_value_rows(parts) %}
    {%- if not execute -%}
        select 1 as nothing_is_known_while_parsing
    {%- else -%}
        {%- for name in kpi_semantic_models() if name not in parts -%}
            {{ exceptions.raise_compiler_error(
                "KPIs use the semantic model '" ~ name ~ "', but kpi_values has no measures of it: add"
                ~ " models/intermediate/kpi/int_kpi_measures__" ~ name ~ ".sql and name it in kpi_values.sql."
            ) }}
        {%- endfor -%}
        {%- set rows = [] -%}
        {%- for kpi in kpi_metrics() -%}
            {%- for case in kpi_cases(kpi) -%}
                {%- do rows.append(kpi_case_rows(kpi, case, parts)) -%}
            {%- endfor -%}
        {%- endfor -%}
        {{ rows | join('\nunion all\n') }}
    {%- endif -%}
{% endmacro %}

{# The required keys of a KPI's meta; a declaration without one of them fails with all that are missing. #}
{% macro kpi_check_declaration(metric) %}
    {% set missing = [] %}
    {% set required = ['name_zh', 'domain', 'unit', 'direction', 'time_basis', 'owner', 'valid_from'] %}
    {% for key in required if key not in metric.config.meta %}
        {% do missing.append(key) %}
    {% endfor %}
    {% if not metric.description %}{% do missing.append('description (of the metric)') %}{% endif %}
    {% if missing %}
        {{ exceptions.raise_compiler_error(
            "KPI '" ~ metric.name ~ "' declares no " ~ missing | join(', ')
            ~ ": add it under config.meta of the metric."
        ) }}
    {% endif %}
    {% if metric.config.meta.direction not in ['up', 'down', 'neutral'] %}
        {{ exceptions.raise_compiler_error("KPI '" ~ metric.name ~ "': direction is up, down or neutral.") }}
    {% endif %}
{% endmacro %}

{# All rows of kpi_catalogue. #}
{% macro kpi_catalogue_rows() %}
    {%- if not execute -%}
        select 1 as nothing_is_known_while_parsing
    {%- else -%}
        {%- for metric in kpi_metrics() %}
        {%- do kpi_check_declaration(metric) %}
        {%- set meta = metric.config.meta %}
        {%- set thresholds = meta.get('thresholds') or {} %}
    select
        {{ kpi_text(metric.name) }} as kpi_id,
        cast({{ meta.get('version', 1) }} as bigint) as version,
        {{ kpi_text(metric.label) }} as name,
        {{ kpi_text(meta.name_zh) }} as name_zh,
        {{ kpi_text(meta.domain) }} as domain,
        {{ kpi_text(meta.unit) }} as unit,
        {{ kpi_text(meta.direction) }} as direction,
        {{ kpi_text(metric.description | trim) }} as definition,
        {{ kpi_text(kpi_grains(metric)) }} as grains,
        {{ kpi_text(kpi_dimensions(metric)) }} as dimensions,
        {{ kpi_text(meta.time_basis) }} as time_basis,
        {{ kpi_text(meta.get('window', 'the period')) }} as time_window,
        {{ 'true' if kpi_accumulates(metric) else 'false' }} as accumulates,
        {{ kpi_text(meta.owner) }} as owner,
        {{ kpi_number(thresholds.get('green')) }} as green_threshold,
        {{ kpi_number(thresholds.get('yellow')) }} as yellow_threshold,
        {{ kpi_text(meta.get('reference')) }} as reference,
        cast({{ kpi_text(meta.valid_from) }} as date) as valid_from
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    {%- endif -%}
{% endmacro %}
