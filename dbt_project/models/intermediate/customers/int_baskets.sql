{# Grain: one row per paid order and product in it. What is bought together. #}
select distinct
    line.order_key,
    line.paid_date,
    line.product_id,
    line.product_line
from {{ ref('fct_order_lines') }} as line
where
    line.is_sale
    and line.paid_date is not null
    and line.paid_date <= {{ as_of_date() }}
    and line.product_id is not null
