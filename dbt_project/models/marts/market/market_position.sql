{#
    Grain: one row per observed period, region and product line ((all) for the whole) in which revenue of brands is
    known. Shares and gaps are not additive. Own revenue is that of the own books in the period. Money in the
    reporting currency; gaps are differences of market shares.
#}
with stated as (

    select
        period_start,
        period_end,
        coalesce(region, '(all)') as region,
        coalesce(product_line, '(all)') as product_line,
        brand,
        is_own_brand,
        avg(reporting_value) as revenue
    from {{ ref('fct_market') }}
    where measure = 'brand_revenue' and brand is not null and price_band is null
    group by 1, 2, 3, 4, 5, 6

),

-- the whole is the sum of the product lines where nobody states it
brands as (

    select * from stated

    union all

    select
        lines.period_start,
        lines.period_end,
        lines.region,
        '(all)' as product_line,
        lines.brand,
        lines.is_own_brand,
        sum(lines.revenue) as revenue
    from stated as lines
    left join stated as whole
        on
            lines.period_start = whole.period_start
            and lines.period_end = whole.period_end
            and lines.region = whole.region
            and lines.brand = whole.brand
            and whole.product_line = '(all)'
    where lines.product_line <> '(all)' and whole.brand is null
    group by 1, 2, 3, 4, 5, 6

),

cells as (

    select distinct
        period_start,
        period_end,
        region,
        product_line
    from brands

),

own as (

    select
        cells.period_start,
        cells.period_end,
        cells.region,
        cells.product_line,
        cast(sum(event.revenue_reporting_amount) as double) as own_revenue
    from cells
    inner join {{ ref('revenue_events') }} as event
        on
            event.event_date between cells.period_start and cells.period_end
            and (cells.region = '(all)' or cells.region = event.region)
            and (cells.product_line = '(all)' or cells.product_line = event.product_line)
    group by 1, 2, 3, 4

),

sizes as (

    select
        cells.period_start,
        cells.period_end,
        cells.region,
        cells.product_line,
        round(cast(sum(size.market_size) as double), 2) as market_size
    from cells
    inner join {{ ref('market_sizes') }} as size
        on
            size.month_start between cells.period_start and cells.period_end
            and cells.region = size.region
            and cells.product_line = size.product_line
    group by 1, 2, 3, 4

),

competitors as (

    select
        brands.period_start,
        brands.period_end,
        brands.region,
        brands.product_line,
        brands.brand,
        brands.revenue,
        coalesce(own.own_revenue, 0) as own_revenue,
        row_number() over (
            partition by brands.period_start, brands.period_end, brands.region, brands.product_line
            order by brands.revenue desc, brands.brand asc
        ) as place,
        -- the closest ahead of the own brand; behind it where none is ahead
        row_number() over (
            partition by brands.period_start, brands.period_end, brands.region, brands.product_line
            order by
                case when brands.revenue > coalesce(own.own_revenue, 0) then 0 else 1 end,
                abs(brands.revenue - coalesce(own.own_revenue, 0)),
                brands.brand
        ) as closeness
    from brands
    left join own
        on
            brands.period_start = own.period_start
            and brands.period_end = own.period_end
            and brands.region = own.region
            and brands.product_line = own.product_line
    where not brands.is_own_brand

),

ranked as (

    select
        period_start,
        period_end,
        region,
        product_line,
        max(own_revenue) as own_revenue,
        sum(case when revenue > own_revenue then 1 else 0 end) + 1 as own_rank,
        count(*) + 1 as brand_count,
        max(case when place = 1 then brand end) as strongest_brand,
        max(revenue) as strongest_revenue,
        max(case when closeness = 1 then brand end) as next_brand,
        max(case when closeness = 1 then revenue end) as next_revenue
    from competitors
    group by 1, 2, 3, 4

)

select
    ranked.period_start,
    ranked.period_end,
    ranked.region,
    ranked.product_line,
    {{ money('sizes.market_size') }} as market_size,
    {{ money('ranked.own_revenue') }} as own_revenue,
    ranked.own_revenue / nullif(sizes.market_size, 0) as own_share,
    {{ integer('ranked.own_rank') }} as own_rank,
    {{ integer('ranked.brand_count') }} as brand_count,
    case when ranked.own_rank > 1 then ranked.strongest_brand end as leader_brand,
    {{ money('greatest(ranked.strongest_revenue, ranked.own_revenue)') }} as leader_revenue,
    greatest(ranked.strongest_revenue, ranked.own_revenue) / nullif(sizes.market_size, 0) as leader_share,
    ranked.next_brand,
    {{ money('ranked.next_revenue') }} as next_revenue,
    ranked.next_revenue / nullif(sizes.market_size, 0) as next_share,
    (greatest(ranked.strongest_revenue, ranked.own_revenue) - ranked.own_revenue) / nullif(sizes.market_size, 0)
        as gap_to_leader,
    abs(ranked.next_revenue - ranked.own_revenue) / nullif(sizes.market_size, 0) as gap_to_next
from ranked
left join sizes
    on
        ranked.period_start = sizes.period_start
        and ranked.period_end = sizes.period_end
        and ranked.region = sizes.region
        and ranked.product_line = sizes.product_line
