{#
    Grain: one row per customer who has bought and as_of_date (the build's day, and the ends of the last quarters).
    Values at risk add up over customers of one as_of_date; nothing adds up over as_of_date, probabilities never.
#}
with customers as (

    select
        *,
        {{ days_between('last_purchase_date', 'as_of_date') }} as recency_days,
        {{ upper_limit_group(days_between('last_purchase_date', 'as_of_date'), var('churn_recency_days')) }}
            as recency_group,
        {{ upper_limit_group('purchase_count', var('churn_frequency_purchases')) }} as frequency_group
    from {{ ref('int_customers__by_quarter') }}
    where
        is_current
        or quarter_start_date
        > {{ add_months(kpi_period_start('quarter', as_of_date()), -3 * (var('churn_history_quarters') | int) - 1) }}

),

-- a group nobody was in before has the rate of all
rates_of_all as (

    select
        quarter_start_date,
        max(churn_rate_of_all) as churn_rate_of_all
    from {{ ref('int_churn_rates__by_group') }}
    group by 1

),

rated as (

    select
        customers.*,
        coalesce(rates.churn_rate, rates_of_all.churn_rate_of_all) as churn_probability,
        coalesce(rates.customer_count, 0) as learned_customer_count
    from customers
    left join {{ ref('int_churn_rates__by_group') }} as rates
        on
            customers.quarter_start_date = rates.quarter_start_date
            and customers.recency_group = rates.recency_group
            and customers.frequency_group = rates.frequency_group
    left join rates_of_all on customers.quarter_start_date = rates_of_all.quarter_start_date

)

select
    rated.customer_id,
    rated.as_of_date,
    rated.is_current,
    coalesce(customer.region, '(none)') as region,
    {{ member('customer.owner_employee_id') }} as employee_id,
    tier.customer_tier,
    rated.last_purchase_date,
    {{ integer('rated.recency_days') }} as recency_days,
    rated.purchase_count,
    cycle.cycle_days as median_cycle_days,
    rated.is_at_risk,
    coalesce(rated.risk_rule = 'own_cycle', false) as is_late_by_own_cycle,
    coalesce(rated.risk_rule = 'silent_months', false) as is_silent,
    rated.at_risk_since_date,
    rated.churn_probability,
    {{ integer('rated.learned_customer_count') }} as learned_customer_count,
    rated.revenue_reporting_amount,
    {{ money('rated.churn_probability * greatest(rated.revenue_reporting_amount, 0)') }}
        as value_at_risk_reporting_amount
from rated
left join {{ ref('dim_customer') }} as customer on rated.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier
    on rated.customer_id = tier.customer_id and rated.quarter_start_date = tier.quarter_start_date
left join {{ ref('int_purchase_cycles') }} as cycle
    on rated.customer_id = cycle.customer_id and rated.purchase_count = cycle.purchase_count
