{#
    Grain: one row per conversion, attribution model and touch that the model gives credit; a conversion that no touch
    came before has one row per model, of the order's own channel, or (none).
    Additive within one model only: every model gives a conversion's whole value. Value is what was paid; refunds reduce
    it in channel_performance, on their own day. Money in the reporting currency.
#}
{% set single = {'first': 'is_first', 'last': 'is_last', 'last_non_direct': 'is_last_non_direct'} %}
{% set shared = ['linear', 'position_based', 'time_decay', 'markov', 'shapley'] %}
{% set amounts = {'revenue': 'value_reporting_amount', 'gross_profit': 'gross_profit_reporting_amount'} %}
with credits as (

    {% for model, condition in single.items() %}
        select
            conversion_kind,
            conversion_key,
            conversion_date,
            '{{ model }}' as attribution_model,
            touchpoint_key,
            touched_at,
            place,
            {% if model == 'last_non_direct' %}
                -- without a touch that tells a channel the order's own word counts
                case when is_direct and stated_channel <> '(none)' then stated_channel else marketing_channel end
                    as marketing_channel,
                case when is_direct then '(none)' else platform end as platform,
                case when is_direct then '(none)' else campaign_id end as campaign_id,
            {% else %}
                marketing_channel,
                platform,
                campaign_id,
            {% endif %}
            region,
            {% for name, amount in amounts.items() %}
                {{ money(amount) }} as {{ name }},
            {% endfor %}
            cast(1 as double) as credit
        from {{ ref('int_attribution__weights') }}
        where {{ condition }}

        union all

    {% endfor %}
    {% for model in shared %}
        select
            conversion_kind,
            conversion_key,
            conversion_date,
            '{{ model }}' as attribution_model,
            touchpoint_key,
            touched_at,
            place,
            marketing_channel,
            platform,
            campaign_id,
            region,
            {% for name, amount in amounts.items() %}
                {{ money(spread(amount, model ~ '_running', model ~ '_weight', model ~ '_sum')) }}
                    as {{ name }},
            {% endfor %}
            cast({{ model }}_weight as double) / {{ model }}_sum as credit
        from {{ ref('int_attribution__weights') }}
        where {{ model }}_weight > 0
        {{ 'union all' if not loop.last }}

    {% endfor %}

)

select
    conversion_kind,
    conversion_key,
    conversion_date,
    attribution_model,
    touchpoint_key,
    touched_at,
    place,
    marketing_channel,
    platform,
    campaign_id,
    region,
    credit,
    revenue,
    gross_profit
from credits
