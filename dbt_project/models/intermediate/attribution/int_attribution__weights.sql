{#
    Grain: one row per conversion and touch of it, with what the touch weighs in each model: whole numbers (1e12 is all
    of it), so that running sums are exact, and beside each model of several touches the sum up to the touch and of all.
    Two sorts of models: one touch earns all (first, last, last_non_direct), or the counted touches share.
#}
{% set shared = ['linear', 'position_based', 'time_decay', 'markov', 'shapley'] %}
{% set in_conversion = 'partition by conversion_kind, conversion_key' %}
with shares as (

    select
        touch.*,
        case
            when touch.counted_place is null then 0
            else 1.0 / touch.counted_touches
        end as linear_share,
        case
            when touch.counted_place is null then 0
            when touch.counted_touches = 1 then 1
            when touch.counted_touches = 2 and touch.counted_place = 1
                then
                    cast({{ var('attribution_first_share') }} as double)
                    / ({{ var('attribution_first_share') }} + {{ var('attribution_last_share') }})
            when touch.counted_touches = 2
                then
                    cast({{ var('attribution_last_share') }} as double)
                    / ({{ var('attribution_first_share') }} + {{ var('attribution_last_share') }})
            when touch.counted_place = 1 then {{ var('attribution_first_share') }}
            when touch.counted_place = touch.counted_touches then {{ var('attribution_last_share') }}
            else
                (1 - cast({{ var('attribution_first_share') }} as double) - {{ var('attribution_last_share') }})
                / (touch.counted_touches - 2)
        end as position_based_share,
        case
            when touch.counted_place is null then 0
            else power(0.5, coalesce(touch.age_days, 0) / {{ var('attribution_half_life_days') }})
        end as time_decay_share,
        case
            when touch.counted_place is null then 0
            else coalesce(chain.effect, 0) / touch.counted_touches_of_channel
        end as markov_share,
        case
            when touch.counted_place is null then 0
            else coalesce(game.credit, 0) / touch.counted_touches_of_channel
        end as shapley_share
    from {{ ref('int_attribution__touches') }} as touch
    left join {{ ref('int_attribution__journeys') }} as journey
        on
            touch.conversion_kind = journey.conversion_kind
            and touch.conversion_key = journey.conversion_key
    left join {{ ref('int_attribution__effects') }} as chain
        on
            chain.attribution_model = 'markov'
            and touch.marketing_channel = chain.marketing_channel
    left join {{ ref('int_attribution__effects') }} as game
        on
            game.attribution_model = 'shapley'
            and journey.path_set = game.path_set
            and touch.marketing_channel = game.marketing_channel

),

totals as (

    select
        *,
        sum(time_decay_share) over ({{ in_conversion }}) as time_decay_total,
        sum(markov_share) over ({{ in_conversion }}) as markov_total,
        sum(shapley_share) over ({{ in_conversion }}) as shapley_total
    from shares

),

weights as (

    select
        *,
        -- where no channel of the path has an effect, its touches share equally
        {% for model in ['time_decay', 'markov', 'shapley'] %}
            cast(
                round(
                    case
                        when {{ model }}_total > 0 then {{ model }}_share / {{ model }}_total else linear_share
                    end * 1e12
                ) as bigint
            ) as {{ model }}_weight,
        {% endfor %}
        cast(round(linear_share * 1e12) as bigint) as linear_weight,
        cast(round(position_based_share * 1e12) as bigint) as position_based_weight
    from totals

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
    marketing_channel,
    platform,
    campaign_id,
    is_direct,
    place,
    {% for model in shared %}
        {{ model }}_weight,
        sum({{ model }}_weight) over ({{ in_conversion }} order by place rows unbounded preceding)
            as {{ model }}_running,
        sum({{ model }}_weight) over ({{ in_conversion }}) as {{ model }}_sum,
    {% endfor %}
    place = 1 as is_first,
    place = touch_count as is_last,
    is_last_non_direct
from weights
