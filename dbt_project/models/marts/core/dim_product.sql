-- Grain: one row per product. Unit cost and list price are not additive.
with

products as (
    select * from {{ ref('int_products__unified') }}
),

final as (
    select
        product_id,
        product_name,
        product_line,
        product_type,
        life_cycle_stage,
        launch_date,
        is_high_margin,
        is_star,
        unit_cost,
        list_price,
        currency,
        is_listed
    from products
)

select * from final
