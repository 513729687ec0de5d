{#
    Grain: one row per day, region, seller and acquiring channel. Revenue, and of it that of customers whose first purchase
    lies in the same day, week, month, quarter and year: each of these adds up within its own kind of period only.
#}
with events as (

    select
        event.event_date,
        event.region,
        event.employee_id,
        {{ customer_id_column() }},
        coalesce(event.revenue_reporting_amount, 0) as revenue_reporting_amount
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}

),

-- customers by day first: far fewer rows than order lines
customer_days as (

    select
        event_date,
        region,
        employee_id,
        customer_id,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from events
    group by 1, 2, 3, 4

)

select
    days.event_date as revenue_date,
    days.region,
    days.employee_id,
    coalesce(purchase.marketing_channel, '(none)') as marketing_channel,
    {% for grain in ['day', 'week', 'month', 'quarter', 'year'] %}
        {{ money(
            'sum(case when ' ~ kpi_period_start(grain, 'days.event_date') ~ ' = '
            ~ kpi_period_start(grain, 'purchase.first_purchase_date')
            ~ ' then days.revenue_reporting_amount else 0 end)'
        ) }} as new_in_{{ grain }}_reporting_amount,
    {% endfor %}
    {{ money('sum(days.revenue_reporting_amount)') }} as revenue_reporting_amount
from customer_days as days
left join {{ ref('first_purchases') }} as purchase on days.customer_id = purchase.customer_id
group by 1, 2, 3, 4
