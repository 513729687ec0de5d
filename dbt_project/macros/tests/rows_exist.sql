{# Fewer rows than there have to be. #}
{% test rows_exist(model, condition, at_least=1) %}
select count(*) as row_count
from {{ model }}
where {{ condition }}
having count(*) < {{ at_least }}
{% endtest %}
