{#
    Grain: one row per resolved customer, with what the customer marts say on the build's day. Personal data is tokens and
    masks. Amounts and counts add up over customers; classes, probabilities and medians do not.
#}
with purchases as (

    select
        customer_id,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        count(*) as purchase_count
    from {{ ref('int_purchases__by_customer') }}
    group by 1

),

revenue as (

    -- beside cross-selling: revenue outside the line that was bought first
    select
        revenue.customer_id,
        sum(revenue.revenue_reporting_amount) as revenue_reporting_amount,
        sum(revenue.gross_profit_reporting_amount) as gross_profit_reporting_amount,
        sum(
            case when revenue.product_line <> first_line.product_line then revenue.revenue_reporting_amount else 0 end
        ) as other_line_reporting_amount,
        count(distinct case when revenue.has_purchase then revenue.product_line end) as product_line_count
    from {{ ref('int_revenue__by_customer') }} as revenue
    left join (
        select
            customer_id,
            {{ first_stated('product_line', 'event_date') }} as product_line
        from {{ ref('int_revenue__by_customer') }}
        where has_purchase
        group by 1
    ) as first_line on revenue.customer_id = first_line.customer_id
    group by 1

),

points as (

    select
        {{ customer_id_column() }},
        sum(movement.points) as points_balance
    from {{ ref('fct_member_points') }} as movement
    {{ customer_id_lookup('movement', 'customer_system') }}
    where {{ customer_id_column() }} is not null
    group by 1

),

tags as (

    select
        customer_id,
        {{ list_distinct('tag') }} as tags
    from {{ ref('customer_tags') }}
    group by 1

),

offers as (

    select
        customer_id,
        {{ list_distinct('product_id') }} as recommended_product_ids
    from {{ ref('product_recommendations') }}
    where is_current
    group by 1

)

select
    customer.customer_id,
    {{ as_of_date() }} as as_of_date,
    customer.customer_type,
    customer.name_mask,
    customer.phone_mask,
    customer.email_mask,
    customer.age_band,
    customer.gender,
    customer.region,
    customer.province,
    customer.city,
    customer.industry,
    {{ member('customer.owner_employee_id') }} as employee_id,
    customer.has_consent,
    stage.marketing_channel,
    stage.acquired_date,
    stage.stage,
    segment.segment as rfm_segment,
    tier.customer_tier,
    tier.value_class,
    tier.quality_grade,
    tier.potential,
    tier.loyalty,
    tier.customer_group,
    tier.success_employee_id,
    purchases.first_purchase_date,
    purchases.last_purchase_date,
    {{ integer('coalesce(purchases.purchase_count, 0)') }} as purchase_count,
    {{ money('coalesce(revenue.revenue_reporting_amount, 0)') }} as revenue_reporting_amount,
    {{ money('revenue.gross_profit_reporting_amount') }} as gross_profit_reporting_amount,
    {{ money('coalesce(tier.revenue_reporting_amount, 0)') }} as trailing_revenue_reporting_amount,
    {{ integer('coalesce(revenue.product_line_count, 0)') }} as product_line_count,
    {{ money('coalesce(revenue.other_line_reporting_amount, 0)') }} as other_line_revenue_reporting_amount,
    cycle.median_cycle_days,
    cycle.expected_next_order_date,
    coalesce(risk.is_at_risk, false) as is_at_risk,
    risk.at_risk_since_date,
    risk.churn_probability,
    risk.value_at_risk_reporting_amount,
    lifetime.expected_order_count,
    lifetime.expected_revenue_reporting_amount,
    lifetime.expected_gross_profit_reporting_amount,
    lifetime.method as lifetime_value_method,
    account.member_since_date,
    points.points_balance,
    tier.recommendation_score,
    tags.tags,
    offers.recommended_product_ids,
    customer.source_systems
from {{ ref('dim_customer') }} as customer
left join {{ ref('customer_lifecycle') }} as stage on customer.customer_id = stage.customer_id and stage.is_current
left join {{ ref('rfm_segments') }} as segment
    on customer.customer_id = segment.customer_id and segment.as_of_date = {{ as_of_date() }}
left join {{ ref('customer_tiers') }} as tier on customer.customer_id = tier.customer_id and tier.is_current
left join purchases on customer.customer_id = purchases.customer_id
left join revenue on customer.customer_id = revenue.customer_id
left join {{ ref('repurchase_cycles') }} as cycle
    on customer.customer_id = cycle.customer_id and cycle.product_line = '(all)'
left join {{ ref('churn_risk') }} as risk on customer.customer_id = risk.customer_id and risk.is_current
left join {{ ref('lifetime_value') }} as lifetime on customer.customer_id = lifetime.customer_id
left join {{ ref('int_members') }} as account on customer.customer_id = account.customer_id
left join points on customer.customer_id = points.customer_id
left join tags on customer.customer_id = tags.customer_id
left join offers on customer.customer_id = offers.customer_id
