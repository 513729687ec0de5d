{#
    Grain: one row per conversion and touch of its customer in the days before it (attribution_window_days), up to its
    moment; one row without a touch for a conversion that none came before: its channel is the order's own word.
    Not additive: value and gross profit, which repeat for each touch.
#}
with touches as (

    select
        conversion.conversion_kind,
        conversion.conversion_key,
        conversion.conversion_date,
        conversion.region,
        conversion.stated_channel,
        conversion.value_reporting_amount,
        conversion.gross_profit_reporting_amount,
        touch.touchpoint_key,
        touch.touched_at,
        touch.marketing_channel,
        touch.platform,
        touch.campaign_id,
        touch.is_direct,
        {{ elapsed_days('touch.touched_at', 'conversion.converted_at') }} as age_days,
        row_number() over (
            partition by
                conversion.conversion_kind,
                conversion.conversion_key,
                touch.marketing_channel,
                touch.touched_date
            order by touch.touched_at, touch.touchpoint_key
        ) as place_of_day
    from {{ ref('int_conversions__valued') }} as conversion
    left join {{ ref('int_touchpoints__of_customers') }} as touch
        on
            conversion.customer_id = touch.customer_id
            and conversion.converted_at >= touch.touched_at
            and {{ elapsed_days('touch.touched_at', 'conversion.converted_at') }}
            <= {{ var('attribution_window_days') }}

),

placed as (

    select
        *,
        -- several touches of a channel on a day count once, as the first of them; the models that credit a single
        -- touch look at all of them
        {{ 'place_of_day = 1' if var('attribution_one_touch_a_day') else 'true' }} as is_counted,
        row_number() over (
            partition by conversion_kind, conversion_key order by touched_at, touchpoint_key
        ) as place,
        count(*) over (partition by conversion_kind, conversion_key) as touch_count
    from touches

)

select
    conversion_kind,
    conversion_key,
    conversion_date,
    region,
    stated_channel,
    value_reporting_amount,
    gross_profit_reporting_amount,
    touchpoint_key,
    touched_at,
    case when touchpoint_key is null then stated_channel else marketing_channel end as marketing_channel,
    coalesce(platform, '(none)') as platform,
    coalesce(campaign_id, '(none)') as campaign_id,
    age_days,
    place,
    touch_count,
    is_counted,
    case
        when is_counted
            then sum(case when is_counted then 1 else 0 end) over (
                    partition by conversion_kind, conversion_key order by place rows unbounded preceding
                )
    end as counted_place,
    sum(case when is_counted then 1 else 0 end) over (partition by conversion_kind, conversion_key) as counted_touches,
    sum(case when is_counted then 1 else 0 end) over (
        partition by conversion_kind, conversion_key, marketing_channel
    ) as counted_touches_of_channel,
    coalesce(is_direct, true) as is_direct,
    place = coalesce(
        max(case when not is_direct then place end) over (partition by conversion_kind, conversion_key),
        touch_count
    ) as is_last_non_direct
from placed
