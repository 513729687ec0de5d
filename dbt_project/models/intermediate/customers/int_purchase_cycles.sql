{#
    Grain: one row per purchase of a known customer, in the customer's order: the purchases before and after it, and the
    own median cycle as known right after it. A median of zero days says nothing about when to come back: no cycle.
#}
with ordered as (

    select
        customer_id,
        purchase_date,
        lag(purchase_date) over (partition by customer_id order by purchase_date, purchase_key) as earlier_date,
        lead(purchase_date) over (partition by customer_id order by purchase_date, purchase_key) as next_date,
        row_number() over (partition by customer_id order by purchase_date, purchase_key) as purchase_count
    from {{ ref('int_purchases__by_customer') }}

),

gaps as (

    select
        *,
        {{ days_between('earlier_date', 'purchase_date') }} as gap_days
    from ordered

),

final as (

    select
        customer_id,
        purchase_date,
        next_date,
        {{ integer('purchase_count') }} as purchase_count,
        {{ integer('gap_days') }} as gap_days,
        case
            when purchase_count >= {{ var('at_risk_minimum_orders') }} then nullif({{ running_median(
                'gap_days', 'customer_id', 'purchase_count'
            ) }}, 0)
        end as cycle_days
    from gaps

)

select * from final
