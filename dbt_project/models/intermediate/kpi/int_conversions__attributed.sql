{#
    Grain: one row per conversion with the touch that earns it by the last non-direct model: the last touch that is not
    direct within the window before it. Without one: what the order or deal itself states, else direct where there was
    a direct touch, else (none).
#}
with touches as (

    select
        conversion.conversion_kind,
        conversion.conversion_key,
        touch.marketing_channel,
        touch.platform,
        touch.campaign_id,
        touch.is_direct,
        row_number() over (
            partition by conversion.conversion_kind, conversion.conversion_key
            order by touch.is_direct asc, touch.touched_at desc, touch.touchpoint_key desc
        ) as place
    from {{ ref('int_conversions__valued') }} as conversion
    inner join {{ ref('int_touchpoints__of_customers') }} as touch
        on
            conversion.customer_id = touch.customer_id
            and conversion.converted_at >= touch.touched_at
            and {{ elapsed_days('touch.touched_at', 'conversion.converted_at') }}
            <= {{ var('attribution_window_days') }}

)

select
    conversion.conversion_kind,
    conversion.conversion_key,
    conversion.customer_id,
    conversion.converted_at,
    conversion.conversion_date,
    conversion.region,
    case
        when not touch.is_direct then touch.marketing_channel
        when conversion.stated_channel <> '(none)' then conversion.stated_channel
        when touch.is_direct then 'direct'
        else '(none)'
    end as marketing_channel,
    case when not touch.is_direct then touch.platform else '(none)' end as platform,
    case when not touch.is_direct then touch.campaign_id else '(none)' end as campaign_id,
    conversion.value_reporting_amount,
    conversion.gross_profit_reporting_amount
from {{ ref('int_conversions__valued') }} as conversion
left join touches as touch
    on
        conversion.conversion_kind = touch.conversion_kind
        and conversion.conversion_key = touch.conversion_key
        and touch.place = 1
