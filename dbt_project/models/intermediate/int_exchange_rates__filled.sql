-- Rate of each currency to the reporting currency by day: stated for the pair, or the inverse of the opposite pair; a
-- missing day takes the last rate of at most exchange_rate_max_age_days before.
{% set reporting = var('reporting_currency') %}
{% set max_age = var('exchange_rate_max_age_days') | int %}
with

rates as (
    select * from {{ ref('stg_exchange_rate') }}
),

stated as (
    select
        upper(base_currency) as currency,
        rate_date,
        rate,
        1 as preference,
        source_system
    from rates
    where upper(quote_currency) = '{{ reporting }}' and rate > 0

    union all

    select
        upper(quote_currency) as currency,
        rate_date,
        1 / rate as rate,
        2 as preference,
        source_system
    from rates
    where upper(base_currency) = '{{ reporting }}' and rate > 0
),

ranked as (
    select
        stated.*,
        row_number() over (
            partition by currency, rate_date order by preference, source_system, rate
        ) as place
    from stated
    where currency <> '{{ reporting }}'
),

one_a_day as (
    select
        currency,
        rate_date,
        rate,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from ranked
    where place = 1
),

ages as (
    {% for age in range(max_age + 1) %}
        select {{ age }} as days_carried{{ ' union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        one_a_day.currency,
        {{ add_days('one_a_day.rate_date', 'ages.days_carried') }} as rate_date,
        one_a_day.rate,
        {{ integer('ages.days_carried') }} as days_carried
    from one_a_day
    cross join ages
    where
        one_a_day.next_rate_date is null
        or {{ add_days('one_a_day.rate_date', 'ages.days_carried') }} < one_a_day.next_rate_date
)

select * from final
