{#
    Grain: one row per conversion with the touch that the default model credits most (all of it by last_non_direct): the
    touch that won a new customer.
#}
with ranked as (

    select
        *,
        row_number() over (
            partition by conversion_kind, conversion_key order by credit desc, place desc
        ) as credit_rank
    from {{ ref('attribution_credits') }}
    where attribution_model = '{{ var("attribution_default_model") }}'

)

select
    conversion.conversion_kind,
    conversion.conversion_key,
    conversion.customer_id,
    conversion.converted_at,
    conversion.conversion_date,
    conversion.region,
    ranked.touchpoint_key,
    ranked.marketing_channel,
    ranked.platform,
    ranked.campaign_id
from {{ ref('int_conversions__valued') }} as conversion
inner join ranked
    on
        conversion.conversion_kind = ranked.conversion_kind
        and conversion.conversion_key = ranked.conversion_key
        and ranked.credit_rank = 1
