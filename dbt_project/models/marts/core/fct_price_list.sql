-- Grain: one row per product, channel and first day of validity. Prices are not additive. A price without an end holds
-- until the next one of its product and channel.
with

prices as (
    select
        price.*,
        coalesce(channel_word.channel, lower(nullif(trim(price.channel), '')), '(none)') as sales_channel
    from {{ ref('stg_price_list') }} as price
    {{ channel_word_lookup('price.channel') }}
),

followed as (
    select
        prices.*,
        lead(valid_from) over (
            partition by source_system, product_id, sales_channel order by valid_from
        ) as next_valid_from
    from prices
),

final as (
    select
        followed.source_system,
        followed.product_id,
        coalesce(product.product_line, '(none)') as product_line,
        followed.sales_channel as channel,
        followed.valid_from,
        least(
            coalesce(followed.valid_to, date '9999-12-31'),
            coalesce({{ add_days('followed.next_valid_from', -1) }}, date '9999-12-31')
        ) as valid_to,
        followed.currency,
        followed.list_price,
        followed.floor_price,
        followed.updated_at,
        {{ lineage_columns('followed') }}
    from followed
    left join {{ ref('int_products__unified') }} as product
        on followed.product_id = product.product_id
)

select * from final
