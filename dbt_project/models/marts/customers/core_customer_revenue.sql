{#
    Grain: one row per day and region. Revenue, and of it that of customers who were RFM core at the start of the month,
    quarter and year the day lies in: each core column is additive within its own kind of period only. The key account
    columns are that of customers whose value class was strategic, core or important when the quarter, and the year, began.
#}
with events as (

    select
        event.event_date,
        event.region,
        {{ customer_id_column() }},
        {{ period_start('month', 'event.event_date') }} as month_start,
        {{ kpi_period_start('quarter', 'event.event_date') }} as quarter_start,
        {{ kpi_period_start('year', 'event.event_date') }} as year_start,
        coalesce(event.revenue_reporting_amount, 0) as revenue_reporting_amount
    from {{ ref('revenue_events') }} as event
    {{ customer_id_lookup('event') }}

),

-- customers by day first: far fewer rows than order lines
customer_days as (

    select
        event_date,
        region,
        customer_id,
        month_start,
        quarter_start,
        year_start,
        sum(revenue_reporting_amount) as revenue_reporting_amount
    from events
    group by 1, 2, 3, 4, 5, 6

)

select
    days.event_date as revenue_date,
    days.region,
    {{ money('sum(days.revenue_reporting_amount)') }} as revenue_reporting_amount,
    {{ money('sum(case when core_month.customer_id is not null then days.revenue_reporting_amount else 0 end)') }}
        as core_at_month_start_reporting_amount,
    {{ money('sum(case when core_quarter.customer_id is not null then days.revenue_reporting_amount else 0 end)') }}
        as core_at_quarter_start_reporting_amount,
    {{ money('sum(case when core_year.customer_id is not null then days.revenue_reporting_amount else 0 end)') }}
        as core_at_year_start_reporting_amount,
    {{ money(
        "sum(case when tier_quarter.value_class in ('strategic', 'core', 'important')"
        ~ " then days.revenue_reporting_amount else 0 end)"
    ) }} as key_account_reporting_amount,
    {{ money(
        "sum(case when tier_year.value_class in ('strategic', 'core', 'important')"
        ~ " then days.revenue_reporting_amount else 0 end)"
    ) }} as key_account_at_year_start_reporting_amount
from customer_days as days
left join {{ ref('int_core_customers__by_month') }} as core_month
    on days.customer_id = core_month.customer_id and days.month_start = core_month.month_start
left join {{ ref('int_core_customers__by_month') }} as core_quarter
    on days.customer_id = core_quarter.customer_id and days.quarter_start = core_quarter.month_start
left join {{ ref('int_core_customers__by_month') }} as core_year
    on days.customer_id = core_year.customer_id and days.year_start = core_year.month_start
{{ customer_tier_lookup('days.customer_id', 'days.event_date', name='tier_quarter') }}
{{ customer_tier_lookup('days.customer_id', 'days.year_start', name='tier_year') }}
group by 1, 2
