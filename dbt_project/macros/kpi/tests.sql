{#
    Generic data tests of KPI marts: rows that must agree. Each returns the rows that do not.

    Belongs here: agreement of sums and conditions on rows. Not here: keys and relations (macros/tests, dbt's own).
#}

{# Rows on which a condition does not hold (nor is unknown). #}
{% test rows_satisfy(model, condition) %}
select *
from {{ model }}
where not ({{ condition }})
{% endtest %}

{# The total of an expression here and of another one there; tolerance in the unit of the sums. #}
{% test totals_agree(model, expression, other_model, other_expression, other_condition='true', tolerance=0) %}
select
    here.total as total,
    there.total as other_total
from (select coalesce(sum({{ expression }}), 0) as total from {{ model }}) as here
cross join (
    select coalesce(sum({{ other_expression }}), 0) as total
    from {{ other_model }}
    where {{ other_condition }}
) as there
where abs(here.total - there.total) > {{ tolerance }}
{% endtest %}

{#
    Ids of KPIs that are sums or counts by their declaration: over members (states and windows of sums too), or over
    periods. also: ids that add up although they are declared otherwise.
#}
{% macro kpi_sums(over, also) %}
    {% set found = also | list %}
    {% for metric in (kpi_metrics() if execute else []) %}
        {% set inputs = kpi_inputs(metric) %}
        {% set meta = metric.config.meta %}
        {% set is_sum = metric.type in ['simple', 'cumulative'] and not inputs[0].largest
            and inputs[0].measure.agg in ['sum', 'count', 'sum_boolean'] and not kpi_condition_date(inputs[0].measure)
            and not meta.get('metric_by_dimension') and not meta.get('metric_by_grain')
            and meta.get('total', true)
            and not kpi_grain_dimension(kpi_semantic_model(inputs[0].semantic_model)) %}
        {% if is_sum and (over == 'members' or metric.type == 'simple') and metric.name not in found %}
            {% do found.append(metric.name) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Sums and counts whose members, by each of their dimensions, do not add up to the whole of the same period. #}
{% test members_add_up(model, also=[]) %}
{%- set kpi_ids = kpi_sums('members', also) %}
select
    members.*,
    whole.value as whole_value
from (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        sum(value) as value
    from {{ model }}
    where dimension <> 'total' and kpi_id in ({{ kpi_texts(kpi_ids) }})
    group by kpi_id, grain, period_start, dimension
) as members
left join {{ model }} as whole
    on
        members.kpi_id = whole.kpi_id
        and members.grain = whole.grain
        and members.period_start = whole.period_start
        and whole.dimension = 'total'
where
    -- both are missing where a share has no whole
    (whole.value is null) <> (members.value is null)
    or abs(members.value - whole.value) > 0.0001 + abs(whole.value) * 0.000000001
{% endtest %}

{# Those of some KPIs that are valid by month and by year. #}
{% macro kpi_grains_both(kpi_ids) %}
    {% set found = ['(none)'] %}
    {% for kpi_id in (kpi_ids if execute else []) %}
        {% set grains = kpi_grains(kpi_metric(kpi_id)) %}
        {% if 'month' in grains and 'year' in grains %}{% do found.append(kpi_id) %}{% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Sums and counts whose months do not add up to their years, member by member, where they have both grains. #}
{% test months_add_up(model, also=[]) %}
{%- set kpi_ids = kpi_grains_both(kpi_sums('periods', also)) %}
select
    coalesce(months.kpi_id, years.kpi_id) as kpi_id,
    coalesce(months.dimension, years.dimension) as dimension,
    coalesce(months.member, years.member) as member,
    coalesce(months.year_start, years.period_start) as year_start,
    months.value as sum_of_months,
    years.value as year_value
from (
    select
        kpi_id,
        {{ kpi_period_start('year', 'period_start') }} as year_start,
        dimension,
        member,
        sum(value) as value
    from {{ model }}
    where grain = 'month' and kpi_id in ({{ kpi_texts(kpi_ids) }})
    group by 1, 2, 3, 4
) as months
full outer join (
    select * from {{ model }}
    where grain = 'year' and kpi_id in ({{ kpi_texts(kpi_ids) }})
) as years
    on
        months.kpi_id = years.kpi_id
        and months.dimension = years.dimension
        and months.member = years.member
        and months.year_start = years.period_start
where
    months.kpi_id is null
    or years.kpi_id is null
    or abs(coalesce(months.value, 0) - coalesce(years.value, 0)) > 0.0001 + abs(coalesce(years.value, 0)) * 0.000000001
{% endtest %}

{# Changes of a whole that the contributions of its members, by one dimension, do not sum to. #}
{% test parts_make_the_change(model) %}
select
    parts.*,
    whole.previous_difference,
    whole.last_year_difference
from (
    select
        kpi_id,
        grain,
        period_start,
        dimension,
        sum(previous_contribution) as previous_contribution,
        sum(last_year_contribution) as last_year_contribution
    from {{ model }}
    where dimension <> 'total' and contribution_kind is not null
    group by kpi_id, grain, period_start, dimension
) as parts
inner join {{ model }} as whole
    on
        parts.kpi_id = whole.kpi_id
        and parts.grain = whole.grain
        and parts.period_start = whole.period_start
        and whole.dimension = 'total'
where
    abs(parts.previous_contribution - whole.previous_difference) > 0.000001 * greatest(1, abs(whole.value))
    or abs(parts.last_year_contribution - whole.last_year_difference) > 0.000001 * greatest(1, abs(whole.value))
    or (parts.previous_contribution is null) <> (whole.previous_difference is null)
    or (parts.last_year_contribution is null) <> (whole.last_year_difference is null)
{% endtest %}

{# Values of long periods that have no comparison. #}
{% test every_kpi_is_compared(model, values) %}
select kpi_values.*
from {{ values }} as kpi_values
left join {{ model }} as compared
    on
        kpi_values.kpi_id = compared.kpi_id
        and kpi_values.grain = compared.grain
        and kpi_values.period_start = compared.period_start
        and kpi_values.dimension = compared.dimension
        and kpi_values.member = compared.member
where kpi_values.grain in ('month', 'quarter', 'year') and compared.kpi_id is null
{% endtest %}

{#
    Days, months, ... on which a mart's sum differs from the KPI of the whole in kpi_values. values: kpi_values;
    day: the mart's date, which is put into the grain's period.
#}
{% test sum_is_the_kpi(model, values, kpi_id, expression, day, grain='day', where='true', tolerance=0.005) %}
select
    coalesce(here.period_start, there.period_start) as period_start,
    here.total as total_here,
    there.value as kpi_value
from (
    select
        {{ kpi_period_start(grain, 'cast(' ~ day ~ ' as date)') }} as period_start,
        sum({{ expression }}) as total
    from {{ model }}
    where {{ where }}
    group by 1
) as here
full outer join (
    select
        period_start,
        value
    from {{ values }}
    where kpi_id = '{{ kpi_id }}' and grain = '{{ grain }}' and dimension = 'total'
) as there
    on here.period_start = there.period_start
where abs(coalesce(here.total, 0) - coalesce(there.value, 0)) > {{ tolerance }}
{% endtest %}

{# Goals whose months do not sum to the target, or months whose cells do not sum to the month, to the cent. #}
{% test goal_parts_sum_to_their_goal(model, goals) %}
with months as (
    select
        goal_key,
        goal_version,
        split,
        period_start,
        sum(target) as target
    from {{ model }}
    where grain = 'month'
    group by 1, 2, 3, 4
)

select
    months.goal_key,
    months.goal_version,
    months.split,
    cast(null as date) as period_start,
    sum(months.target) as parts,
    max(goals.target_value) as target
from months
inner join {{ goals }} as goals on months.goal_key = goals.goal_key and months.goal_version = goals.goal_version
group by 1, 2, 3
-- a target may be stated finer than a cent
having abs(sum(months.target) - max(goals.target_value)) > 0.0051

union all

select
    months.goal_key,
    months.goal_version,
    months.split,
    months.period_start,
    months.target as parts,
    whole.target as target
from months
inner join months as whole
    on
        months.goal_key = whole.goal_key
        and months.goal_version = whole.goal_version
        and months.period_start = whole.period_start
        and whole.split = 'whole'
where months.target <> whole.target
{% endtest %}
