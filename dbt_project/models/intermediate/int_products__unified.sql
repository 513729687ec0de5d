-- One row per product. Attributes come from the product lists (the latest list that states one), the rest from order
-- lines. Cost and list price come from one list row, so that one currency holds for both.
with

listed as (
    select
        product.*,
        coalesce(category.category_name, nullif(trim(product.product_line), '')) as product_line_name,
        row_number() over (
            partition by product.product_id
            order by
                product.updated_at desc nulls last,
                product.source_system asc,
                product._delivery_seq desc,
                product._record_number desc
        ) as list_rank
    from {{ ref('stg_product') }} as product
    left join {{ ref('stg_product_category') }} as category
        on
            product.source_system = category.source_system
            and product.product_line = category.category_key
    where product.product_id is not null
),

listed_products as (
    select
        product_id,
        {{ first_stated('product_name', 'list_rank') }} as product_name,
        {{ first_stated('product_line_name', 'list_rank') }} as product_line,
        {{ first_stated('product_type', 'list_rank') }} as product_type,
        {{ first_stated('life_cycle_stage', 'list_rank') }} as life_cycle_stage,
        {{ first_stated('launch_date', 'list_rank') }} as launch_date,
        {{ first_stated('is_high_margin', 'list_rank') }} as is_high_margin,
        {{ first_stated('is_star', 'list_rank') }} as is_star,
        min(case when unit_cost is not null then list_rank end) as cost_rank,
        min(case when list_price is not null then list_rank end) as price_rank
    from listed
    group by product_id
),

sold_products as (
    select
        product_id,
        max(product_name) as product_name,
        case min(case coalesce(line_type, 'product') when 'product' then 1 when 'service' then 2 else 3 end)
            when 1 then 'goods'
            when 2 then 'service'
            else 'non_product'
        end as product_type
    from {{ ref('stg_order_line') }}
    where product_id is not null
    group by product_id
),

final as (
    select
        coalesce(listed_products.product_id, sold_products.product_id) as product_id,
        coalesce(listed_products.product_name, sold_products.product_name) as product_name,
        coalesce(listed_products.product_line, '(none)') as product_line,
        coalesce(listed_products.product_type, sold_products.product_type, 'goods') as product_type,
        listed_products.life_cycle_stage,
        listed_products.launch_date,
        listed_products.is_high_margin,
        listed_products.is_star,
        priced.unit_cost,
        priced.list_price,
        priced.currency,
        listed_products.product_id is not null as is_listed
    from listed_products
    full outer join sold_products
        on listed_products.product_id = sold_products.product_id
    left join listed as priced
        on
            listed_products.product_id = priced.product_id
            and priced.list_rank = coalesce(listed_products.cost_rank, listed_products.price_rank)
)

select * from final
