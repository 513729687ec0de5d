{#
    Values that contracts let be filled or marked, entity by entity.
    Belongs here: the columns that may be (declared as `imputable` under ingestion/entities; a test compares the two).
    Not here: filling and marking (int_values__imputed).
#}

{# Entity -> the column that names its record, the columns that may be filled, and those that may be a value's class. #}
{% macro imputable_entities() %}
    {{ return({
        'customer': {
            'key': 'source_customer_key',
            'numbers': ['employee_count', 'annual_revenue'],
            'texts': ['industry'],
            'classes': ['industry', 'customer_type', 'country_code', 'province', 'city', 'quality_grade'],
        },
        'lead': {
            'key': 'lead_id',
            'numbers': ['employee_count'],
            'texts': ['industry'],
            'classes': ['industry', 'customer_type', 'country_code', 'province', 'city', 'lead_source'],
        },
    }) }}
{% endmacro %}

{# The filled value of a column of an entity, from rows of int_values__imputed grouped by record. #}
{% macro filled_number(column) -%}
    max(case when column_name = '{{ column }}' and is_imputed then value_number end)
{%- endmacro %}

{% macro filled_text(column) -%}
    max(case when column_name = '{{ column }}' and is_imputed then value_text end)
{%- endmacro %}
