-- Grain: one row per move of another brand. Hours are not additive: take medians.
select
    event.event_id,
    {{ member('event.brand') }} as brand,
    event.event_kind,
    {{ member('event.product_line') }} as product_line,
    coalesce(region_word.region, nullif(trim(event.region), ''), '(all)') as region,
    event.platform,
    event.description,
    event.started_at,
    event.seen_at,
    event.answered_at,
    event.answer,
    event.owner_employee_id,
    event.answered_at is not null as is_answered,
    {{ elapsed_days('event.started_at', 'event.seen_at') }} * 24 as hours_to_see,
    case
        when event.answered_at >= event.seen_at then {{ elapsed_days('event.seen_at', 'event.answered_at') }} * 24
    end as hours_to_answer,
    -- open moves wait until the build
    case
        when event.answered_at is null and event.seen_at <= {{ as_of() }}
            then {{ elapsed_days('event.seen_at', as_of()) }} * 24
    end as hours_waiting
from {{ ref('stg_competitor_event') }} as event
{{ region_word_lookup('event.region') }}
