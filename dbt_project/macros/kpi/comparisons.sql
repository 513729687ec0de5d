{#
    What kpi_comparisons needs beside the values: earlier periods, parts of ratios, effects of members.

    Belongs here: SQL of comparisons, for all KPIs alike. Not here: any single KPI.
#}

{# First day of the period before, and of the same period a year before (of a week: 52 weeks). grain is a column. #}
{% macro previous_period_start(grain, period_start) -%}
    case {{ grain }}
        when 'day' then {{ add_days(period_start, -1) }}
        when 'week' then {{ add_days(period_start, -7) }}
        when 'month' then {{ add_months(period_start, -1) }}
        when 'quarter' then {{ add_months(period_start, -3) }}
        when 'year' then {{ add_months(period_start, -12) }}
    end
{%- endmacro %}

{% macro last_year_period_start(grain, period_start) -%}
    case {{ grain }} when 'week' then {{ add_days(period_start, -364) }} else {{ add_months(period_start, -12) }} end
{%- endmacro %}

{% macro next_year_period_start(grain, period_start) -%}
    case {{ grain }} when 'week' then {{ add_days(period_start, 364) }} else {{ add_months(period_start, 12) }} end
{%- endmacro %}

{#
    Rows of kpi_values with the parts of ratios of windows and states: kpi_values leaves them null, because they cannot
    be added over periods; over the members of one period they can. The models of measures are named by the graph;
    kpi_values, which depends on all of them, gives the order.
#}
{% macro kpi_values_with_parts(values) %}
    {%- if not execute -%}
        select 1 as nothing_is_known_while_parsing
    {%- else -%}
        {%- set parts = {} -%}
        {%- for name in kpi_semantic_models() -%}
            {%- set node = graph.nodes['model.' ~ project_name ~ '.int_kpi_measures__' ~ name] -%}
            {%- do parts.update({name: node.relation_name}) -%}
        {%- endfor -%}
        {%- set hidden = [] -%}
        {%- set rows = [] -%}
        {%- for kpi in kpi_metrics() if kpi_hides_parts(kpi) -%}
            {%- do hidden.append(kpi.name) -%}
            {%- for case in kpi_cases(kpi) -%}
                {%- do rows.append(kpi_case_rows(kpi, case, parts, all_parts=true)) -%}
            {%- endfor -%}
        {%- endfor -%}
        select * from {{ values }}
        {%- if hidden %} where kpi_id not in ({{ kpi_texts(hidden) }}){% endif %}
        {%- for row in rows %}
        union all
        {{ row }}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{# A ratio of states or windows of sums and counts: its parts add up over members although not over periods. #}
{% macro kpi_hides_parts(metric) %}
    {% set found = namespace(hides=metric.type == 'ratio' and not kpi_has_parts(metric)) %}
    {% for input in kpi_inputs(metric) if input.measure.agg in ['median', 'average', 'min', 'max'] %}
        {% set found.hides = false %}
    {% endfor %}
    {{ return(found.hides) }}
{% endmacro %}

{#
    Value of an earlier period: a sum of nothing is zero once the KPI has begun. before: previous or last_year;
    kpi, first: aliases that have accumulates and first_period_start; span: the one that has the earlier period.
#}
{% macro kpi_earlier_value(before, kpi='kpi', first='first_periods') -%}
    coalesce(
        {{ before }}.value,
        case when {{ kpi }}.accumulates and span.{{ before }}_period_start >= {{ first }}.first_period_start then 0 end
    )
{%- endmacro %}

{#
    A member's part of the change of the whole since an earlier period: columns contribution, rate_effect, mix_effect.

    Sums: the member's own difference. Ratios R = N/D = sum of (d_i/D) * r_i: the change of the member's rate at the mean
    of its weights (rate), and the change of its weight against the mean of the whole ratio (mix); over all members they
    sum to R1 - R0, as weights sum to 1. A member without a denominator in one of the periods has no rate to compare: its
    whole part is mix.
#}
{% macro kpi_effects(before) %}
    {%- set weight_1 = '(coalesce(denominator, 0) / nullif(whole_denominator, 0))' -%}
    {%- set weight_0 = '(coalesce(' ~ before ~ '_denominator, 0) / nullif(' ~ before ~ '_whole_denominator, 0))' -%}
    {%- set share_1 = '(coalesce(numerator, 0) / nullif(whole_denominator, 0))' -%}
    {%- set share_0 = '(coalesce(' ~ before ~ '_numerator, 0) / nullif(' ~ before ~ '_whole_denominator, 0))' %}
    case
        when contribution_kind = 'sum' and whole_value is not null and {{ before }}_whole_value is not null
            then coalesce(value, 0) - coalesce({{ before }}_value, 0)
        when contribution_kind = 'ratio'
            then
                {{ share_1 }} - {{ share_0 }}
                - (whole_value + {{ before }}_whole_value) / 2 * ({{ weight_1 }} - {{ weight_0 }})
    end as {{ before }}_contribution,
    case
        when contribution_kind <> 'ratio' or whole_value is null or {{ before }}_whole_value is null then null
        when denominator <> 0 and {{ before }}_denominator <> 0
            then
                (numerator / denominator - {{ before }}_numerator / {{ before }}_denominator)
                * ({{ weight_1 }} + {{ weight_0 }}) / 2
        when contribution_kind = 'ratio' then 0
    end as {{ before }}_rate_effect
{% endmacro %}
