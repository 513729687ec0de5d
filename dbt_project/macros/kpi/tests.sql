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

{# KPIs whose members, by each of their dimensions, do not add up to the whole of the same period. #}
{% test members_add_up(model, kpi_ids) %}
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

{# KPIs whose months do not add up to their years, member by member. #}
{% test months_add_up(model, kpi_ids) %}
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
