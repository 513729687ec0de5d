{#
    The sum of the largest keys of each period and member: revenue of the 50 largest customers, of the top fifth of
    sellers. Ranked anew for every grain, member and (with a window) period end.
#}
{% macro kpi_largest_block(semantic_model, relation, spine, entry, columns) %}
    {%- set grains = kpi_in_order(entry.grains) -%}
    {%- set dimensions = entry.dimensions | sort -%}
    {%- set time_dimension = kpi_time_dimension(semantic_model, entry.measure) -%}
    {%- set limit = entry.largest.count or 'ceil(' ~ entry.largest.share ~ ' * key_count)' %}
    select
        grain,
        period_start,
        dimension,
        member
        {{- kpi_block_columns(columns, [entry.column]) }}
    from (
        select
            grain,
            period_start,
            dimension,
            member,
            cast(sum(amount) as double) as {{ entry.column }}
        from (
            select
                grain,
                period_start,
                dimension,
                member,
                amount,
                count(*) over (partition by grain, period_start, dimension, member) as key_count,
                row_number() over (
                    partition by grain, period_start, dimension, member order by amount desc, largest_key
                ) as place
            from (
                select
                    grain,
                    period_start,
                    {{- kpi_dimension_and_member(dimensions) }},
                    largest_key,
                    sum(amount) as amount
                from ({{ kpi_largest_rows(semantic_model, relation, spine, entry, time_dimension, grains, dimensions) }})
                    as periods
                group by {{ kpi_grouping_sets(['grain, period_start, largest_key'], dimensions) }}
            ) as keyed
        ) as ranked
        where place <= {{ limit }}
        group by 1, 2, 3, 4
    ) as largest
{% endmacro %}

{# Amounts by key, dimensions and day, given to the periods in which they count. #}
{% macro kpi_largest_rows(semantic_model, relation, spine, entry, time_dimension, grains, dimensions) %}
    {%- if kpi_grain_dimension(semantic_model) or kpi_condition_date(entry.measure) -%}
        {{ exceptions.raise_compiler_error(
            "Measure '" ~ entry.measure.name ~ "': the largest keys need rows that count for every grain."
        ) }}
    {%- endif %}
    select
        {{ 'ends' if entry.window else 'grains' }}.grain,
        {{ 'ends.period_start' if entry.window else kpi_period_case(grains) }} as period_start,
        {%- for dimension in dimensions %}
        dim_{{ dimension }},
        {%- endfor %}
        largest_key,
        {{ entry.column }} as amount
    from (
        select
            metric_date,
            {%- for dimension in dimensions %}
            dim_{{ dimension }},
            {%- endfor %}
            largest_key,
            sum({{ entry.column }}) as {{ entry.column }}
        from ({{ kpi_facts(semantic_model, relation, time_dimension, dimensions, [entry]) }}) as facts
        where largest_key is not null and {{ entry.column }} is not null
        group by metric_date, {% for dimension in dimensions %}dim_{{ dimension }}, {% endfor %}largest_key
    ) as days
    {%- if entry.window %}
    inner join ({{ kpi_spine_periods(spine, grains) }}) as ends
        on
            days.metric_date <= ends.last_day
            and {{ kpi_window_end('days.metric_date', entry.window) }} > ends.last_day
    {%- else %}
    cross join {{ kpi_grain_rows(grains) }}
    {%- endif %}
{% endmacro %}
