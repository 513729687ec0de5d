{# Grain: one row per touch of a resolved customer that attribution looks at. #}
select
    touch.touchpoint_key,
    {{ customer_id_column() }},
    touch.touched_at,
    touch.touched_date,
    touch.marketing_channel,
    {{ member('touch.platform') }} as platform,
    {{ member('touch.campaign_id') }} as campaign_id,
    touch.is_direct
from {{ ref('fct_touchpoints') }} as touch
{{ customer_id_lookup('touch', 'customer_system') }}
where touch.is_attributable and {{ customer_id_column() }} is not null
