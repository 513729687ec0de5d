{#
    Groups whose sum differs between two tables by more than the tolerance (money: half of the last decimal).
    Groups that only one of the two has count as zero on the other side. `compare_group_by`: what the other table calls
    the groups, where the names differ.
#}
{% test sums_agree(model, column, compare_model, compare_column, group_by, where='true', compare_where='true', tolerance=0.00005, compare_group_by=none) %}
{%- set compare_columns = compare_group_by or group_by %}
with

here as (
    select
        {{ group_by | join(', ') }},
        sum({{ column }}) as total
    from {{ model }}
    where {{ where }}
    group by {{ group_by | join(', ') }}
),

there as (
    select
        {{ compare_columns | join(', ') }},
        sum({{ compare_column }}) as total
    from {{ compare_model }}
    where {{ compare_where }}
    group by {{ compare_columns | join(', ') }}
)

select
    {% for column_name in group_by %}
    coalesce(here.{{ column_name }}, there.{{ compare_columns[loop.index0] }}) as {{ column_name }},
    {% endfor %}
    here.total as total_here,
    there.total as total_there
from here
full outer join there
    on
        {% for column_name in group_by %}
        {{ 'and ' if not loop.first }}here.{{ column_name }} = there.{{ compare_columns[loop.index0] }}
        {% endfor %}
where abs(coalesce(here.total, 0) - coalesce(there.total, 0)) > {{ tolerance }}
{% endtest %}
