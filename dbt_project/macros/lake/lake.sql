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
    ranked; all other records cost one aggregate over the key. `key: none` leaves out the ranking for entities whose unit
    of supersession is the key itself.
#}
{% macro current_records(entity, key, latest_by=none) %}
    (
        select record.*
        from {{ counting_records(entity) }} as record
        where
            not exists (
                select 1
                from (
                    select
                        ranked.*,
                        row_number() over (
                            partition by ranked.source_system{% for column in key %}, ranked.{{ column }}{% endfor %}
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
                        select source_system{% for column in key %}, {{ column }}{% endfor %}
                        from {{ counting_records(entity) }} as counted
                        group by source_system{% for column in key %}, {{ column }}{% endfor %}
                        having count(*) > 1
                    ) as repeated
                        on
                            ranked.source_system = repeated.source_system
                            {% for column in key %}
                            and ranked.{{ column }} = repeated.{{ column }}
                            {% endfor %}
                ) as loser
                where
                    loser.place > 1
                    and loser.source_system = record.source_system
                    {% for column in key %}
                    and loser.{{ column }} = record.{{ column }}
                    {% endfor %}
                    and loser._contract = record._contract
                    and loser._delivery_seq = record._delivery_seq
                    and coalesce(loser._part, '') = coalesce(record._part, '')
                    and loser._record_number = record._record_number
            )
    )
{% endmacro %}

{# Records of active deliveries that no other delivery replaced and the source did not delete. #}
{% macro counting_records(entity) %}
    (
        select entity_record.*
        from {{ lake(entity) }} as entity_record
        where
            entity_record._delivery_seq in (select active.delivery_seq from {{ ref('int_deliveries__active') }} as active)
            and not exists (
                select 1
                from {{ ref('int_units__superseded') }} as lost
                where
                    lost.contract = entity_record._contract
                    and lost.unit = entity_record._unit
                    and lost.delivery_seq = entity_record._delivery_seq
            )
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
