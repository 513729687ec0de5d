{#
    Grain: one row per measure (sizes, revenue and units only), brand, region, product line, price band and month. What
    was observed for several months is spread evenly over them; what several sources state is averaged. A null brand,
    region, product line or price band stands for all.
#}
with spread as (

    select
        observation.measure,
        observation.brand,
        observation.is_own_brand,
        observation.region,
        observation.product_line,
        observation.price_band,
        observation.source,
        observation.reporting_value,
        spine.date_day as month_start,
        count(*) over (
            partition by
                observation._contract, observation._delivery_seq, observation._part, observation._record_number
        ) as month_count
    from {{ ref('fct_market') }} as observation
    inner join {{ ref('time_spine') }} as spine
        on
            spine.date_day = {{ period_start('month', 'spine.date_day') }}
            and spine.date_day between {{ period_start('month', 'observation.period_start') }}
            and observation.period_end
    where observation.measure in ('market_size', 'segment_size', 'brand_revenue', 'units')

),

by_source as (

    select
        measure,
        brand,
        is_own_brand,
        region,
        product_line,
        price_band,
        source,
        month_start,
        sum(reporting_value / month_count) as month_value
    from spread
    group by 1, 2, 3, 4, 5, 6, 7, 8

)

select
    measure,
    brand,
    is_own_brand,
    region,
    product_line,
    price_band,
    month_start,
    avg(month_value) as month_value
from by_source
group by 1, 2, 3, 4, 5, 6, 7
