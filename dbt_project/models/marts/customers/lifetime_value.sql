{#
    Grain: one row per customer who has bought, on the build's day (as_of_date): what the next 12 months are expected to
    bring. Expected orders and amounts add up over customers; probabilities and means do not.
#}
with histories as (

    select
        history.*,
        {{ kpi_period_start('quarter', 'history.first_purchase_date') }} as cohort_quarter
    from {{ ref('int_purchase_histories') }} as history

),

-- the fall-back: what customers of the same group and quarter have bought per year of their age, at their mean value
cohorts as (

    select
        customer_group,
        cohort_quarter,
        sum(repeat_count) * 365.25 / nullif(sum(age_days), 0) as orders_per_year,
        sum(mean_reporting_amount * (repeat_count + 1)) / sum(repeat_count + 1) as mean_reporting_amount
    from histories
    group by 1, 2

),

-- gross profit after refunds for each unit of sales before them, over the trailing 12 months
margins as (

    select
        coalesce(customer.customer_type, 'person') as customer_group,
        cast(sum(revenue.gross_profit_reporting_amount) as double)
        / nullif(cast(sum(revenue.known_cost_sales_reporting_amount) as double), 0) as margin_rate
    from {{ ref('int_revenue__by_customer') }} as revenue
    left join {{ ref('dim_customer') }} as customer on revenue.customer_id = customer.customer_id
    where revenue.event_date > {{ add_months(as_of_date(), -(var('trailing_months') | int)) }}
    group by 1

),

expected as (

    select
        histories.*,
        fitted.probability_alive,
        case when fitted.expected_purchases is not null then 'bg_nbd' else 'cohort_mean' end as method,
        coalesce(fitted.expected_purchases, cohorts.orders_per_year) as expected_order_count,
        case
            when fitted.expected_purchases is null then cohorts.mean_reporting_amount
            -- the mean of all for who bought once, drawn to the own mean by each repeat purchase
            else
                fitted.value_p * (
                    fitted.value_v + histories.repeat_count * coalesce(histories.mean_repeat_reporting_amount, 0)
                ) / (fitted.value_p * histories.repeat_count + fitted.value_q - 1)
        end as expected_order_amount,
        margins.margin_rate
    from histories
    left join {{ ref('int_purchase_histories__expected') }} as fitted
        on
            histories.customer_group = fitted.customer_group
            and histories.repeat_count = fitted.repeat_count
            and histories.recency_days = fitted.recency_days
            and histories.age_days = fitted.age_days
    left join cohorts
        on
            histories.customer_group = cohorts.customer_group
            and histories.cohort_quarter = cohorts.cohort_quarter
    left join margins on histories.customer_group = margins.customer_group

)

select
    expected.customer_id,
    {{ as_of_date() }} as as_of_date,
    expected.first_purchase_date,
    coalesce(customer.region, '(none)') as region,
    tier.customer_tier,
    coalesce(purchase.marketing_channel, '(none)') as marketing_channel,
    expected.repeat_count,
    expected.recency_days,
    expected.age_days,
    {{ money('expected.mean_reporting_amount') }} as mean_order_reporting_amount,
    expected.method,
    expected.probability_alive,
    expected.expected_order_count,
    {{ money('expected.expected_order_amount') }} as expected_order_reporting_amount,
    {{ money('expected.expected_order_count * expected.expected_order_amount') }} as expected_revenue_reporting_amount,
    expected.margin_rate,
    {{ money('expected.expected_order_count * expected.expected_order_amount * expected.margin_rate') }}
        as expected_gross_profit_reporting_amount
from expected
left join {{ ref('dim_customer') }} as customer on expected.customer_id = customer.customer_id
left join {{ ref('first_purchases') }} as purchase on expected.customer_id = purchase.customer_id
left join {{ ref('customer_tiers') }} as tier on expected.customer_id = tier.customer_id and tier.is_current
