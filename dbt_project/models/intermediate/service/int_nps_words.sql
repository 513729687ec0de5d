{#
    Grain: one row per answer and word or phrase of it: the reason chosen, the phrases of the open answer (between
    punctuation; of languages with spaces its words of four letters and more).
#}
with texts as (

    select
        response_id,
        source_system,
        reason as word
    from {{ ref('nps_answers') }}
    where reason is not null

    union all

    select
        response_id,
        source_system,
        part as word
    from (
        select
            response_id,
            source_system,
            {{ split_phrases('comment') }} as part
        from {{ ref('nps_answers') }}
        where comment is not null
    ) as phrases

)

select distinct
    response_id,
    source_system,
    lower(trim(word)) as word
from texts
where length(trim(word)) between 2 and 20
