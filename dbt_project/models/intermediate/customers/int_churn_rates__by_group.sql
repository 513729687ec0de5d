{#
    Grain: one row per quarter and group of customers (recency x frequency): the share that bought nothing in the quarter
    after, over all pairs of quarters that were over by then, drawn to the rate of the recency and of all.
    Nothing adds up: each quarter repeats what earlier ones knew.
#}
with

grouped as (
    select
        customer_id,
        quarter_start_date,
        as_of_date,
        last_purchase_date,
        {{ upper_limit_group(days_between('last_purchase_date', 'as_of_date'), var('churn_recency_days')) }}
            as recency_group,
        {{ upper_limit_group('purchase_count', var('churn_frequency_purchases')) }} as frequency_group
    from {{ ref('int_customers__by_quarter') }}
),

-- what was known when the following quarter was over
outcomes as (
    select
        following.quarter_start_date as known_quarter,
        earlier.recency_group,
        earlier.frequency_group,
        count(*) as customer_count,
        sum(case when following.last_purchase_date <= earlier.as_of_date then 1 else 0 end) as churned_count
    from grouped as earlier
    inner join grouped as following
        on
            earlier.customer_id = following.customer_id
            and {{ add_months('earlier.quarter_start_date', 3) }} = following.quarter_start_date
    where following.as_of_date = {{ add_days(add_months('following.quarter_start_date', 3), -1) }}
    group by 1, 2, 3
),

quarters as (
    select distinct quarter_start_date from grouped
),

known as (
    select
        quarters.quarter_start_date,
        outcomes.recency_group,
        outcomes.frequency_group,
        sum(outcomes.customer_count) as customer_count,
        sum(outcomes.churned_count) as churned_count
    from quarters
    inner join outcomes on quarters.quarter_start_date >= outcomes.known_quarter
    group by 1, 2, 3
),

wider as (
    select
        *,
        sum(customer_count) over (partition by quarter_start_date, recency_group) as recency_customer_count,
        sum(churned_count) over (partition by quarter_start_date, recency_group) as recency_churned_count,
        cast(sum(churned_count) over (partition by quarter_start_date) as double)
        / sum(customer_count) over (partition by quarter_start_date) as churn_rate_of_all
    from known
),

rates as (
    select
        *,
        (recency_churned_count + {{ var('churn_smoothing_customers') }} * churn_rate_of_all)
        / (recency_customer_count + {{ var('churn_smoothing_customers') }}) as churn_rate_of_recency
    from wider
)

select
    quarter_start_date,
    {{ integer('recency_group') }} as recency_group,
    {{ integer('frequency_group') }} as frequency_group,
    {{ integer('customer_count') }} as customer_count,
    {{ integer('churned_count') }} as churned_count,
    churn_rate_of_all,
    (churned_count + {{ var('churn_smoothing_customers') }} * churn_rate_of_recency)
    / (customer_count + {{ var('churn_smoothing_customers') }}) as churn_rate
from rates
