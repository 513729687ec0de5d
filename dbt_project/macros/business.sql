{#
    Joins that several models need in one form.

    Belongs here: late look-up of the customer, the rate of a day, canonical words. Not here: formulas of one model.
#}

{# Join that adds `customer_link.customer_id` to a fact: `select {{ customer_id_column() }} ... {{ customer_id_lookup('f') }}`. #}
{% macro customer_id_lookup(alias, system_column='source_system', key_column='source_customer_key') -%}
    left join {{ ref('customer_links') }} as customer_link
        on
            {{ alias }}.{{ system_column }} = customer_link.source_system
            and {{ alias }}.{{ key_column }} = customer_link.source_key
{%- endmacro %}

{% macro customer_id_column() -%}customer_link.customer_id{%- endmacro %}

{# Join of the rate of a currency on a day, alias `exchange`. The reporting currency itself needs no rate. #}
{% macro exchange_rate_lookup(currency, day, name='exchange') -%}
    left join {{ ref('int_exchange_rates__filled') }} as {{ name }}
        on
            {{ currency }} = {{ name }}.currency
            and {{ day }} = {{ name }}.rate_date
{%- endmacro %}

{# Rate of a currency to the reporting currency; null where none is known. Needs exchange_rate_lookup. #}
{% macro exchange_rate(currency, name='exchange') -%}
    case when {{ currency }} = '{{ var("reporting_currency") }}' then cast(1 as double) else {{ name }}.rate end
{%- endmacro %}

{# Joins of canonical words: region_words, channel_words. #}
{% macro region_word_lookup(region, name='region_word') -%}
    left join {{ ref('region_words') }} as {{ name }} on lower(trim({{ region }})) = {{ name }}.region_word
{%- endmacro %}

{% macro channel_word_lookup(channel, name='channel_word') -%}
    left join {{ ref('channel_words') }} as {{ name }} on lower(trim({{ channel }})) = {{ name }}.channel_word
{%- endmacro %}

{#
    Joins that place a country and province: aliases `<name>_province` and `<name>_country`.
    `place_region` and `place_region_code` read them.
#}
{% macro place_lookup(country_code, province, name='place') -%}
    left join {{ ref('provinces') }} as {{ name }}_province on {{ province }} = {{ name }}_province.province
    left join {{ ref('countries') }} as {{ name }}_country on {{ country_code }} = {{ name }}_country.country_code
{%- endmacro %}

{% macro place_region(name='place') -%}
    coalesce({{ name }}_province.sales_region, {{ name }}_country.sales_region)
{%- endmacro %}

{% macro place_region_code(name='place') -%}
    coalesce({{ name }}_province.region_code, {{ name }}_country.country_code, '(none)')
{%- endmacro %}

{# Join of an employee's attributes on a day, alias `name`; `employee_id` may be the CRM's own key of the employee. #}
{% macro employee_lookup(employee_id, day, name='employee') -%}
    left join {{ ref('int_employees__keyed') }} as {{ name }}
        on
            {{ employee_id }} = {{ name }}.employee_key
            and {{ day }} between {{ name }}.valid_from and {{ name }}.valid_to
{%- endmacro %}

{# A word of a source as the rules of marketing channels compare it. #}
{% macro channel_word(value) -%}lower(trim(coalesce({{ value }}, ''))){%- endmacro %}

{# Join of the marketing channel of a stated word (lead source, platform), alias `name`. #}
{% macro marketing_channel_lookup(value, word_kind='lead_source', name='mapped_channel') -%}
    left join {{ ref('int_marketing_channels__mapped') }} as {{ name }}
        on
            {{ name }}.word_kind = '{{ word_kind }}'
            and {{ channel_word(value) }} = {{ name }}.source_word
{%- endmacro %}

{#
    Part of an amount that falls to a row by its weight: the difference of rounded running sums, so that the parts of one
    whole add up to it. `running` is the sum of weights up to and with the row, `total` of all rows.
#}
{% macro spread(amount, running, weight, total, decimals=4) -%}
    round(cast({{ amount }} as double) * {{ running }} / {{ total }}, {{ decimals }})
    - round(cast({{ amount }} as double) * ({{ running }} - {{ weight }}) / {{ total }}, {{ decimals }})
{%- endmacro %}

{# Join of the stage that a source's word means in a stage set, alias `name`. #}
{% macro stage_word_lookup(word, stage_set, name='stage_word') -%}
    left join {{ ref('funnel_stage_words') }} as {{ name }}
        on
            lower(trim({{ word }})) = {{ name }}.source_word
            and {{ name }}.stage_set = {{ stage_set }}
{%- endmacro %}

{# Age band of an age in years; null outside 0-120. #}
{% macro age_band(age) -%}
    case
        when {{ age }} between 0 and 17 then 'under 18'
        when {{ age }} between 18 and 24 then '18-24'
        when {{ age }} between 25 and 34 then '25-34'
        when {{ age }} between 35 and 44 then '35-44'
        when {{ age }} between 45 and 54 then '45-54'
        when {{ age }} between 55 and 64 then '55-64'
        when {{ age }} between 65 and 120 then '65 and over'
    end
{%- endmacro %}

{# Day whose rate converts a planned amount: the day itself, or the run's day for days to come. #}
{% macro budget_rate_day(day) -%}least({{ day }}, {{ as_of_date() }}){%- endmacro %}

{# Whether an industry is one of those that count as emerging, by its words (setting emerging_industries). #}
{% macro is_industry_emerging(industry) -%}
    coalesce(lower(trim({{ industry }})) in (
        {%- for word in var('emerging_industries') %}'{{ word | lower }}'{{ ', ' if not loop.last }}{% endfor -%}
    ), false)
{%- endmacro %}

{# Whether a day lies in the fourth quarter of the fiscal year. #}
{% macro is_fourth_quarter(day) -%}
    (cast(extract(month from {{ day }}) as bigint) - {{ var('fiscal_year_start_month') }} + 12) % 12 >= 9
{%- endmacro %}

{# Number of the group that a value falls into by upper limits, inclusive, from 1; beyond the last limit one more. #}
{% macro upper_limit_group(value, limits) -%}
    case
        {%- for limit in limits %}
        when {{ value }} <= {{ limit }} then {{ loop.index }}
        {%- endfor %}
        else {{ limits | length + 1 }}
    end
{%- endmacro %}

{#
    Join of a customer's value class (tier) in force on a day, alias `name`: that of the last quarter that had ended. Whoever
    had not bought by then has none.
#}
{% macro customer_tier_lookup(customer_id, day, name='tier') -%}
    left join {{ ref('customer_tiers') }} as {{ name }}
        on
            {{ customer_id }} = {{ name }}.customer_id
            and {{ add_months(kpi_period_start('quarter', day), -3) }} = {{ name }}.quarter_start_date
{%- endmacro %}

{# A text as it is where a file guards it from spreadsheet programs: ="0012" says 0012. #}
{% macro unguarded(value) -%}replace(replace({{ value }}, '="', ''), '"', ''){%- endmacro %}
