-- Grain: one row per product, channel, store and day on which stock was counted. Quantity and value are states: they
-- add up over products, channels and stores of one day, never over days; the changes of the value do. A value that the
-- source does not state is the quantity at the product's unit cost.
with

levels as (
    select
        stock.*,
        case when stock.stock_value is null then product.currency else stock.currency end as value_currency,
        coalesce(stock.stock_value, {{ money('stock.quantity * product.unit_cost') }}) as value_amount,
        stock.stock_value is null as is_value_computed,
        coalesce(product.product_line, '(none)') as product_line,
        coalesce(channel_word.channel, lower(nullif(trim(stock.channel), '')), '(none)') as sales_channel
    from {{ ref('stg_stock_level') }} as stock
    left join {{ ref('int_products__unified') }} as product
        on stock.product_id = product.product_id
    {{ channel_word_lookup('stock.channel') }}
),

rated as (
    select
        levels.*,
        coalesce(store.region, '(none)') as region,
        coalesce(store.store_id, nullif(trim(levels.store_id), ''), '(none)') as store,
        {{ at_rate('levels.value_amount', exchange_rate('levels.value_currency')) }} as stock_reporting_value
    from levels
    left join {{ ref('dim_store') }} as store
        on levels.store_id = store.store_id
    {{ exchange_rate_lookup('levels.value_currency', 'levels.stock_date') }}
),

final as (
    select
        stock_date,
        source_system,
        product_id,
        product_line,
        sales_channel as channel,
        region,
        store as store_id,
        quantity,
        value_currency as currency,
        value_amount as stock_value,
        stock_reporting_value,
        {{ money(
            'coalesce(stock_reporting_value, 0) - coalesce(lag(stock_reporting_value) over ('
            ~ 'partition by source_system, product_id, sales_channel, store order by stock_date), 0)'
        ) }} as change_stock_reporting_value,
        is_value_computed,
        {{ lineage_columns('rated') }}
    from rated
)

select * from final
