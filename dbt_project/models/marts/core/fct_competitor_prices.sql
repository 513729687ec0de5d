-- Grain: one row per brand, product, region and day observed. Prices are not additive; units are, within a day.
with

prices as (
    select * from {{ ref('stg_competitor_price') }}
),

final as (
    select
        prices.source_system,
        {{ member('prices.brand') }} as brand,
        prices.product_name,
        prices.matched_product_id,
        coalesce(nullif(trim(prices.product_line), ''), product.product_line, '(none)') as product_line,
        coalesce(region_word.region, province.sales_region, nullif(trim(prices.region), ''), '(all)') as region,
        prices.region as stated_region,
        prices.platform,
        {{ member('prices.price_band') }} as price_band,
        prices.net_price,
        prices.currency,
        {{ at_rate('prices.net_price', exchange_rate('prices.currency')) }} as net_reporting_price,
        prices.units,
        prices.observed_date,
        {{ lineage_columns('prices') }}
    from prices
    left join {{ ref('dim_product') }} as product on prices.matched_product_id = product.product_id
    {{ exchange_rate_lookup('prices.currency', 'prices.observed_date') }}
    {{ region_word_lookup('prices.region') }}
    left join {{ ref('provinces') }} as province on prices.region = province.province
)

select * from final
