{#
    Grain: one row per month, product line, price band and brand: units as observed in the market, spread evenly over the
    months of what was observed for longer. Units add up; shares do not.
#}
with units as (

    select
        month_start,
        coalesce(product_line, '(all)') as product_line,
        price_band,
        brand,
        is_own_brand,
        sum(month_value) as units
    from {{ ref('int_market__months') }}
    where measure = 'units' and brand is not null and price_band is not null and month_start <= {{ as_of_date() }}
    group by 1, 2, 3, 4, 5

)

select
    *,
    units / nullif(sum(units) over (partition by month_start, product_line, price_band), 0) as share_of_band
from units
