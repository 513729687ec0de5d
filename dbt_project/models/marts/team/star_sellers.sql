{#
    Grain: one row per month, quarter or year and region. Amounts are additive over regions, and over periods of one grain
    only: who the stars are is judged anew for each period, by revenue in the whole company.
#}
with seller_periods as (

    {% for grain in ['month', 'quarter', 'year'] %}
        select
            '{{ grain }}' as grain,
            {{ kpi_period_start(grain, 'event_date') }} as period_start,
            employee_id,
            region,
            sum(coalesce(revenue_reporting_amount, 0)) as revenue_reporting_amount
        from {{ ref('revenue_events') }}
        where event_date is not null
        group by 1, 2, 3, 4
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

sellers as (

    select
        seller_periods.grain,
        seller_periods.period_start,
        seller_periods.employee_id,
        row_number() over (
            partition by seller_periods.grain, seller_periods.period_start
            order by sum(seller_periods.revenue_reporting_amount) desc, seller_periods.employee_id asc
        ) as place,
        count(*) over (partition by seller_periods.grain, seller_periods.period_start) as seller_count
    from seller_periods
    where seller_periods.employee_id is not null
    group by 1, 2, 3

)

select
    seller_periods.grain,
    seller_periods.period_start,
    seller_periods.region,
    {{ money('sum(seller_periods.revenue_reporting_amount)') }} as revenue_reporting_amount,
    {{ money(
        'sum(case when sellers.employee_id is not null then seller_periods.revenue_reporting_amount else 0 end)'
    ) }} as star_revenue_reporting_amount
from seller_periods
left join sellers
    on
        seller_periods.grain = sellers.grain
        and seller_periods.period_start = sellers.period_start
        and seller_periods.employee_id = sellers.employee_id
        and sellers.place <= ceil(sellers.seller_count * {{ var('star_seller_share') }})
group by 1, 2, 3
