{#
    Grain: one row per day and customer with an open balance. Balances are states: they add up over the customers of one
    day, never over days. Bands are days overdue at the day's end; the amounts at the rate of the day of issue.
#}
{% set bands = var('ageing_band_days') %}
with open_spans as (

    select
        receivable_key,
        customer_system,
        source_customer_key,
        due_date,
        changed_date as from_date,
        coalesce({{ add_days('next_changed_date', -1) }}, {{ as_of_date() }}) as last_date,
        balance_reporting_amount
    from {{ ref('fct_receivables') }}
    where balance_reporting_amount > 0

),

days as (

    select
        day.date_day as ageing_date,
        span.customer_system,
        span.source_customer_key,
        span.receivable_key,
        span.due_date,
        span.balance_reporting_amount,
        greatest({{ days_between('span.due_date', 'day.date_day') }}, 0) as days_overdue
    from open_spans as span
    inner join {{ ref('dim_date') }} as day
        on day.date_day between span.from_date and least(span.last_date, {{ as_of_date() }})

)

select
    ageing_date,
    customer_system,
    source_customer_key,
    {{ integer('count(*)') }} as receivable_count,
    {{ money('sum(balance_reporting_amount)') }} as balance_reporting_amount,
    {{ money('sum(case when coalesce(days_overdue, 0) = 0 then balance_reporting_amount else 0 end)') }}
        as not_due_reporting_amount,
    {{ money('sum(case when days_overdue between 1 and ' ~ bands[0] ~ ' then balance_reporting_amount else 0 end)') }}
        as overdue_band_1_reporting_amount,
    {{ money(
        'sum(case when days_overdue between ' ~ bands[0] ~ ' + 1 and ' ~ bands[1]
        ~ ' then balance_reporting_amount else 0 end)'
    ) }} as overdue_band_2_reporting_amount,
    {{ money(
        'sum(case when days_overdue between ' ~ bands[1] ~ ' + 1 and ' ~ bands[2]
        ~ ' then balance_reporting_amount else 0 end)'
    ) }} as overdue_band_3_reporting_amount,
    {{ money('sum(case when days_overdue > ' ~ bands[2] ~ ' then balance_reporting_amount else 0 end)') }}
        as overdue_band_4_reporting_amount,
    {{ money('sum(case when days_overdue > 0 then balance_reporting_amount else 0 end)') }}
        as overdue_reporting_amount,
    min(due_date) as oldest_due_date,
    {{ integer('max(days_overdue)') }} as days_overdue
from days
group by 1, 2, 3
