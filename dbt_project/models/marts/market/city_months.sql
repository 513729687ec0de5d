{#
    Grain: one row per month and prefecture-level city of China, cities without a customer too. Cities with customers do
    not add up over months; paying customers neither over months nor over cities.
#}
with buyers as (

    select
        {{ period_start('month', 'head.paid_date') }} as month_start,
        province.province,
        regexp_replace(head.city, '市$', '') as city,
        {{ integer('count(distinct ' ~ customer_id_column() ~ ')') }} as paying_customers,
        {{ integer('count(*)') }} as order_count
    from {{ ref('fct_orders') }} as head
    inner join {{ ref('provinces') }} as province on head.region_code = province.region_code
    {{ customer_id_lookup('head') }}
    where head.is_paid_order and head.paid_date is not null and head.city is not null
    group by 1, 2, 3

),

months as (

    select distinct spine.date_day as month_start
    from {{ ref('time_spine') }} as spine
    inner join (
        select
            min(month_start) as first_month,
            max(month_start) as last_month
        from buyers
    ) as span
        on spine.date_day between span.first_month and span.last_month
    where spine.date_day = {{ period_start('month', 'spine.date_day') }}

)

select
    months.month_start,
    city.region_code,
    city.province,
    city.city,
    city.city_tier,
    coalesce(province.sales_region, '(none)') as sales_region,
    {{ integer('coalesce(buyers.paying_customers, 0)') }} as paying_customers,
    {{ integer('coalesce(buyers.order_count, 0)') }} as order_count,
    coalesce(buyers.order_count, 0) > 0 as has_paying_customers
from months
cross join {{ ref('cities') }} as city
left join {{ ref('provinces') }} as province on city.province = province.province
left join buyers
    on
        months.month_start = buyers.month_start
        and city.province = buyers.province
        and city.city = buyers.city
