{#
    States and trailing windows: changes added up to the end of each period.

    A record enters on its day; where the metric has a window, it leaves again when the window has passed it. A distinct
    count's key enters with its first record and leaves when its last one has left. Changes add up over every grain, so
    a state on a period's last day is exact without a row per day and record.
    Belongs here: cumulative metrics. Not here: what a period's own records give (measures.sql).
#}

{# Name of the table expression with the changes of an entry: one for all that share date, window and kind. #}
{% macro kpi_changes_name(entry, time_dimension) %}
    {% set window = '_' ~ entry.window.count ~ '_' ~ entry.window.granularity if entry.window else '' %}
    {% set own = '_of_' ~ entry.measure.name if entry.measure.agg == 'count_distinct' else '' %}
    {{ return('changes_by_' ~ time_dimension ~ window ~ own) }}
{% endmacro %}

{# The first day on which a record of that day is no longer in the window. #}
{% macro kpi_window_end(date, window) %}
    {%- set granularity = window.granularity | string | trim('s') -%}
    {%- set count = window.count | int -%}
    {%- if granularity == 'day' -%} {{ add_days(date, count) }}
    {%- elif granularity == 'week' -%} {{ add_days(date, 7 * count) }}
    {%- elif granularity in ['month', 'quarter', 'year'] -%}
        {{ add_months(date, {'month': 1, 'quarter': 3, 'year': 12}[granularity] * count) }}
    {%- else -%}
        {{ exceptions.raise_compiler_error("A window is so many days, weeks, months, quarters or years.") }}
    {%- endif -%}
{% endmacro %}

{# Changes of measures by day, dimension and member. entries: they share date and window (see kpi_changes_name). #}
{% macro kpi_changes(semantic_model, relation, entries) %}
    {%- if kpi_grain_dimension(semantic_model) or kpi_condition_date(entries[0].measure) -%}
        {{ exceptions.raise_compiler_error(
            "Measure '" ~ entries[0].measure.name ~ "': a cumulative metric needs rows that count for every grain."
        ) }}
    {%- endif -%}
    {%- set time_dimension = kpi_time_dimension(semantic_model, entries[0].measure) -%}
    {%- set dimensions = kpi_union_of(entries, 'dimensions') -%}
    {%- set window = entries[0].window -%}
    {%- if entries[0].measure.agg == 'count_distinct' -%}
        {{ kpi_key_changes(semantic_model, relation, time_dimension, dimensions, entries, window) }}
    {%- elif not window -%}
        {{ kpi_day_members(semantic_model, relation, time_dimension, dimensions, entries) }}
    {%- else %}
    with entering as ({{ kpi_day_members(semantic_model, relation, time_dimension, dimensions, entries) }})
    select metric_date, dimension, member{% for entry in entries %}, {{ entry.column }}{% endfor %}
    from entering
    union all
    select
        {{ kpi_window_end('metric_date', window) }} as metric_date,
        dimension,
        member
        {%- for entry in entries %}, -{{ entry.column }} as {{ entry.column }}{% endfor %}
    from entering
    {%- endif -%}
{% endmacro %}

{# Changes of a distinct count: a key counts from a record's day to its next record or to the window's end. #}
{% macro kpi_key_changes(semantic_model, relation, time_dimension, dimensions, entries, window) %}
    {%- set key = entries[0].column %}
    with keyed as (
        select
            metric_date,
            {{- kpi_dimension_and_member(dimensions) }},
            {{ key }} as counted_key
        from (
            {{ kpi_facts(semantic_model, relation, time_dimension, dimensions, [entries[0]]) }}
        ) as facts
        where {{ key }} is not null
        group by {{ kpi_grouping_sets(['metric_date, ' ~ key], dimensions) }}
    ),

    spans as (
        select
            metric_date,
            dimension,
            member,
            lead(metric_date) over (partition by dimension, member, counted_key order by metric_date) as next_date
        from keyed
    )

    select
        metric_date,
        dimension,
        member
        {%- for entry in entries %},
        sum(change) as {{ entry.column }}
        {%- endfor %}
    from (
        select metric_date, dimension, member, 1 as change from spans
        union all
        {%- if window %}
        select
            least({{ kpi_window_end('metric_date', window) }}, coalesce(next_date, date '9999-12-31')) as metric_date,
            dimension,
            member,
            -1 as change
        from spans
        {%- else %}
        select next_date as metric_date, dimension, member, -1 as change from spans where next_date is not null
        {%- endif %}
    ) as changes
    group by metric_date, dimension, member
    having sum(change) <> 0
{% endmacro %}

{#
    States of every period from a member's first change to the build's day. Periods in which a member is not there at
    all (nothing changes and the state is zero) have a row for the total only.
#}
{% macro kpi_state_block(changes, spine, entries, columns) %}
    {%- set grains = kpi_in_order(kpi_union_of(entries, 'grains')) -%}
    {%- set last_day = 'least(' ~ add_days(next_period_start('grain', 'period_start') | trim, -1)
        ~ ', ' ~ as_of_date() ~ ')' %}
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
            member,
            change_count
            {%- for entry in entries %},
            cast({{ kpi_state_sql(entry, last_day) }} as double) as {{ entry.column }}
            {%- endfor %}
        from (
            select
                grain,
                period_start,
                dimension,
                member,
                count(is_change) as change_count
                {%- for entry in entries %},
                sum({{ entry.column }}) as {{ entry.column }},
                sum({{ entry.column }} * {{ days_between("date '2000-01-01'", 'metric_date') }})
                    as {{ entry.column }}_by_day
                {%- endfor %}
            from (
                select
                    grains.grain,
                    {{ kpi_period_case(grains) }} as period_start,
                    metric_date,
                    dimension,
                    member,
                    1 as is_change
                    {%- for entry in entries %}, {{ entry.column }}{% endfor %}
                from {{ changes }}
                cross join {{ kpi_grain_rows(grains) }}
                where metric_date <= {{ as_of_date() }}
                union all
                select
                    periods.grain,
                    periods.period_start,
                    periods.period_start as metric_date,
                    members.dimension,
                    members.member,
                    null as is_change
                    {%- for entry in entries %}, 0{% endfor %}
                from (
                    select dimension, member, min(metric_date) as first_date
                    from {{ changes }}
                    group by dimension, member
                ) as members
                inner join ({{ kpi_spine_periods(spine, grains) }}) as periods
                    on members.first_date <= periods.last_day
            ) as dated
            group by 1, 2, 3, 4
        ) as period_changes
    ) as states
    where
        dimension = 'total'
        or change_count > 0
        {%- for entry in entries %}
        or abs({{ entry.column }}) > 0.000000001
        {%- endfor %}
{% endmacro %}

{#
    The state of a period: at its end, before it, or the mean of its days. A change on a day holds from that day on, so
    its part of the mean is the share of the days left, itself included.
#}
{% macro kpi_state_sql(entry, last_day) %}
    {%- set at_end -%}
        sum({{ entry.column }}) over (
            partition by grain, dimension, member order by period_start rows unbounded preceding
        )
    {%- endset -%}
    {%- set days = '(' ~ days_between('period_start', last_day) ~ ' + 1)' -%}
    {%- set end_number = '(' ~ days_between("date '2000-01-01'", last_day) ~ ' + 1)' -%}
    {%- if entry.state == 'opening' -%} {{ at_end }} - {{ entry.column }}
    {%- elif entry.state == 'mean' -%}
        {{ at_end }} - {{ entry.column }}
        + ({{ entry.column }} * {{ end_number }} - {{ entry.column }}_by_day) / cast({{ days }} as double)
    {%- else -%} {{ at_end }}
    {%- endif -%}
{% endmacro %}
