{#
    Grain: one row per customer who has bought: repeat purchases, time of the last one and age, in days since the first.
    Purchases of one day are one purchase, as the models of lifetime value count.
#}
with purchase_days as (

    select
        customer_id,
        purchase_date,
        sum(purchase_reporting_amount) as purchase_reporting_amount,
        row_number() over (partition by customer_id order by purchase_date) as place
    from {{ ref('int_purchases__by_customer') }}
    group by customer_id, purchase_date

),

histories as (

    select
        customer_id,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        count(*) - 1 as repeat_count,
        avg(cast(purchase_reporting_amount as double)) as mean_reporting_amount,
        avg(case when place > 1 then cast(purchase_reporting_amount as double) end) as mean_repeat_reporting_amount
    from purchase_days
    group by customer_id

)

select
    histories.customer_id,
    coalesce(customer.customer_type, 'person') as customer_group,
    histories.first_purchase_date,
    {{ integer('histories.repeat_count') }} as repeat_count,
    {{ integer(days_between('histories.first_purchase_date', 'histories.last_purchase_date')) }} as recency_days,
    {{ integer(days_between('histories.first_purchase_date', as_of_date())) }} as age_days,
    histories.mean_reporting_amount,
    histories.mean_repeat_reporting_amount
from histories
left join {{ ref('dim_customer') }} as customer on histories.customer_id = customer.customer_id
