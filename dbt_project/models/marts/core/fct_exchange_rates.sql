-- Grain: one row per currency and day. Rates are not additive.
with

rates as (
    select * from {{ ref('int_exchange_rates__filled') }}
),

final as (
    select
        currency,
        rate_date,
        rate,
        days_carried,
        '{{ var("reporting_currency") }}' as reporting_currency
    from rates
)

select * from final
