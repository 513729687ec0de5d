{#
    Groups whose sum differs between two tables by more than the tolerance (money: half of the last decimal).
    Groups that only one of the two has count as zero on the other side.
#}
{% test sums_agree(model, column, compare_model, compare_column, group_by, where='true', compare_where='true', tolerance=0.00005) %}
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
        {{ group_by | join(', ') }},
        sum({{ compare_column }}) as total
    from {{ compare_model }}
    where {{ compare_where }}
    group by {{ group_by | join(', ') }}
)

select
    {% for column_name in group_by %}
    coalesce(here.{{ column_name }}, there.{{ column_name }}) as {{ column_name }},
    {% endfor %}
    here.total as total_here,
    there.total as total_there
from here
full outer join there
    on
        {% for column_name in group_by %}
        {{ 'and ' if not loop.first }}here.{{ column_name }} = there.{{ column_name }}
        {% endfor %}
where abs(coalesce(here.total, 0) - coalesce(there.total, 0)) > {{ tolerance }}
{% endtest %}
