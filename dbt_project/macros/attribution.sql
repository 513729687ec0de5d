{#
    The attribution models, in one place.

    Belongs here: their names; `attribution_credits` says which touch each credits.
    Not here: the weights (models/intermediate/attribution).
#}

{# A table of the models: column attribution_model. #}
{% macro attribution_model_rows() -%}
    (
        select 'first' as attribution_model
        union all select 'last'
        union all select 'last_non_direct'
        union all select 'linear'
        union all select 'position_based'
        union all select 'time_decay'
        union all select 'markov'
        union all select 'shapley'
    )
{%- endmacro %}
