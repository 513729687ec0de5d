{# Rows that lack any of the columns: one scan for all of them. #}
{% test required_columns(model, columns) %}
select
    {% for column in columns %}
    {{ 'case when ' ~ column ~ ' is null then 1 else 0 end' }} as lacks_{{ column }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ model }}
where
    {% for column in columns %}
    {{ 'or ' if not loop.first }}{{ column }} is null
    {% endfor %}
{% endtest %}
