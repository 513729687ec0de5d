-- A figure observed in the market.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('market_observation', key=[
        'measure',
        'platform',
        'brand',
        'region',
        'product_line',
        'price_band',
        'period_start',
        'period_end',
        'source'
    ]) }}
),

final as (
    select
        source_system,
        measure,
        platform,
        brand,
        region,
        product_line,
        price_band,
        period_start,
        period_end,
        observed_value,
        upper(trim(currency)) as currency,
        source,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
