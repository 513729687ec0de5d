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
    {{ return("parquet.`" ~ env_var('MILEPOST_HOME') ~ "/lake/" ~ entity ~ "`") }}
{% endmacro %}

{#
    Records of an entity that count: of active deliveries, not superseded, not deleted, and one per key
    (source system and `key`; the latest by `latest_by`, version, delivery and record number).

    A key that several records yield is rare (one export feeding an entity from many units), so only those keys are
    ranked; all other records cost one aggregate over the key. Outer joins instead of `not exists`: DuckDB would
    materialise the whole entity for a correlated one.
#}
{% macro current_records(entity, key, latest_by=none) %}
    {%- set columns = ['source_system'] + key -%}
    (
        select record.*
        from {{ counting_records(entity) }} as record
        left join (
            select
                {% for column in columns %}
                ranked.{{ column }},
                {% endfor %}
                {{ lineage_columns('ranked') }},
                row_number() over (
                    partition by {% for column in columns %}ranked.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

                    order by
                        {% for column in latest_by or [] %}
                        ranked.{{ column }} desc nulls last,
                        {% endfor %}
                        ranked._version_at desc nulls last,
                        ranked._tie desc nulls last,
                        ranked._delivery_seq desc,
                        ranked._part desc nulls last,
                        ranked._record_number desc
                ) as place
            from {{ counting_records(entity) }} as ranked
            inner join (
                select {{ columns | join(', ') }}
                from {{ counting_records(entity) }} as counted
                group by {{ columns | join(', ') }}
                having count(*) > 1
            ) as repeated
                on
                    {% for column in columns %}
                    {{ 'and ' if not loop.first }}ranked.{{ column }} = repeated.{{ column }}
                    {% endfor %}
        ) as loser
            on
                loser.place > 1
                {% for column in columns %}
                and record.{{ column }} = loser.{{ column }}
                {% endfor %}
                and record._contract = loser._contract
                and record._delivery_seq = loser._delivery_seq
                and coalesce(record._part, '') = coalesce(loser._part, '')
                and record._record_number = loser._record_number
        where loser.place is null
    )
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
