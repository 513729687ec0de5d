-- Grain: one row per month, region and product line of own revenue; new products are those launched at most
-- new_product_months before.
select
    {{ period_start('month', 'event.event_date') }} as month_start,
    event.region,
    event.product_line,
    sum(event.revenue_reporting_amount) as own_revenue,
    sum(
        case
            when
                event.event_date >= product.launch_date
                and {{ period_start('month', 'event.event_date') }}
                < {{ add_months('product.launch_date', var('new_product_months') | int) }}
                then event.revenue_reporting_amount
            else 0
        end
    ) as new_product_revenue
from {{ ref('revenue_events') }} as event
left join {{ ref('dim_product') }} as product on event.product_id = product.product_id
where event.event_date is not null
group by 1, 2, 3
