{#
    Reading the clean lake.

    Belongs here: where an entity's files are, and which of its records count (docs/decisions/0001).
    Not here: what a record means (models/staging).
#}

{# All records of an entity, superseded ones too. DuckDB reads the glob that sources.yml gives, Spark the folder. #}
{% macro lake(entity) %}{{ return(adapter.dispatch('lake', 'milepost')(entity)) }}{% endmacro %}

{% macro default__lake(entity) %}{{ return(source('lake', entity)) }}{% endmacro %}

{% macro spark__lake(entity) %}
    {% set relation = source('lake', entity) %}
    {{ return("parquet.`" ~ (env_var('MILEPOST_DBT_HOME', '') or env_var('MILEPOST_HOME')) ~ "/lake/" ~ entity ~ "`") }}
{% endmacro %}

{#
    Records of an entity that count: of active deliveries, not superseded, not deleted, and one per key
    (source system and `key`; the latest by `latest_by`, version, delivery and record number).

    A key that several records yield is rare (one export feeding an entity from many units), so only those keys are
    ranked; all other records cost one aggregate over the key. Outer joins instead of `not exists`: DuckDB would
    materialise the whole entity for a correlated one.
#}
{% macro current_records(entity, key, latest_by=none) %}
    {%- set columns = lake_columns(entity) if execute else ['*'] -%}
    {%- set key_columns = ['source_system'] + key -%}
    {%- set repeated_keys -%}
        (
            select {{ key_columns | join(', ') }}
            from {{ counting_records(entity) }} as counted
            group by {{ key_columns | join(', ') }}
            having count(*) > 1
        )
    {%- endset -%}
    (
        select
            {% for column in columns %}
            record.{{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ counting_records(entity) }} as record
        left join {{ repeated_keys }} as repeated
            on
                {% for column in key_columns %}
                {{ 'and ' if not loop.first }}record.{{ column }} = repeated.{{ column }}
                {% endfor %}
        where repeated.source_system is null

        union all

        select
            {% for column in columns %}
            winner.{{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        from (
            select
                record.*,
                row_number() over (
                    partition by {% for column in key_columns %}record.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

                    order by
                        {% for column in latest_by or [] %}
                        record.{{ column }} desc nulls last,
                        {% endfor %}
                        record._version_at desc nulls last,
                        record._tie desc nulls last,
                        record._delivery_seq desc,
                        record._part desc nulls last,
                        record._record_number desc
                ) as place
            from {{ counting_records(entity) }} as record
            inner join {{ repeated_keys }} as repeated
                on
                    {% for column in key_columns %}
                    {{ 'and ' if not loop.first }}record.{{ column }} = repeated.{{ column }}
                    {% endfor %}
        ) as winner
        where winner.place = 1
    )
{% endmacro %}

{# Columns of an entity as sources.yml declares them; known when models run, not while the project is parsed. #}
{% macro lake_columns(entity) %}
    {% for table in graph.sources.values() if table.source_name == 'lake' and table.name == entity %}
        {{ return(table.columns.keys() | list) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error("The lake has no entity '" ~ entity ~ "': declare it under ingestion/entities/ and run dbt_project/stage_entities.py.") }}
{% endmacro %}

{# Records of active deliveries that no other delivery replaced and the source did not delete. #}
{% macro counting_records(entity) %}
    (
        select entity_record.*
        from {{ lake(entity) }} as entity_record
        inner join {{ ref('int_deliveries__active') }} as active
            on entity_record._delivery_seq = active.delivery_seq
        left join {{ ref('int_units__superseded') }} as lost
            on
                entity_record._contract = lost.contract
                and entity_record._unit = lost.unit
                and entity_record._delivery_seq = lost.delivery_seq
        where
            lost.unit is null
            and not coalesce(entity_record._is_deleted, false)
    )
{% endmacro %}

{# Lineage columns of a record, for select lists of facts: what `milepost trace` follows back. #}
{% macro lineage_columns(alias) -%}
    {{ alias }}._contract,
    {{ alias }}._delivery_seq,
    {{ alias }}._part,
    {{ alias }}._record_number
{%- endmacro %}
