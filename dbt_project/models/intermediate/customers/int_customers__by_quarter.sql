{#
    Grain: one row per customer who had bought and quarter: the facts about the customer at the quarter's end, or on the
    build's day for the quarter that is not over. No class here (customer_tiers, churn_risk). Nothing adds up over quarters.
#}
with quarters as (

    select
        quarter_start_date,
        least({{ add_days(add_months('quarter_start_date', 3), -1) }}, {{ as_of_date() }}) as as_of_date
    from (
        select distinct {{ kpi_period_start('quarter', 'date_day') }} as quarter_start_date
        from {{ ref('dim_date') }}
        where
            date_day <= {{ as_of_date() }}
            and date_day > {{ add_months(as_of_date(), -3 * (var('tier_history_quarters') | int)) }}
    ) as quarter_starts

),

bought as (

    select
        quarters.quarter_start_date,
        quarters.as_of_date,
        purchase.customer_id,
        min(purchase.purchase_date) as first_purchase_date,
        max(purchase.purchase_date) as last_purchase_date,
        count(*) as purchase_count,
        sum(
            case
                when purchase.purchase_date > {{ add_months('quarters.as_of_date', -(var('trailing_months') | int)) }}
                    then 1
                else 0
            end
        ) as trailing_purchase_count
    from quarters
    inner join {{ ref('int_purchases__by_customer') }} as purchase on quarters.as_of_date >= purchase.purchase_date
    group by 1, 2, 3

),

-- trailing revenue in four blocks of three months, the newest first
earned as (

    select
        quarters.quarter_start_date,
        revenue.customer_id,
        {% for block in range(4) %}
            sum(
                case
                    when
                        revenue.event_date > {{ add_months('quarters.as_of_date', -3 * (block + 1)) }}
                        and revenue.event_date <= {{ add_months('quarters.as_of_date', -3 * block) }}
                        then revenue.revenue_reporting_amount
                    else 0
                end
            ) as block_{{ block + 1 }}_reporting_amount,
        {% endfor %}
        sum(revenue.revenue_reporting_amount) as trailing_reporting_amount
    from quarters
    inner join {{ ref('int_revenue__by_customer') }} as revenue
        on
            quarters.as_of_date >= revenue.event_date
            and {{ add_months('quarters.as_of_date', -(var('trailing_months') | int)) }} < revenue.event_date
    group by 1, 2

),

at_risk as (

    select
        quarters.quarter_start_date,
        span.customer_id,
        min(span.rule) as risk_rule,
        max(span.from_date) as at_risk_since_date
    from quarters
    inner join {{ ref('int_customers__risk_spans') }} as span
        on
            quarters.as_of_date >= span.from_date
            and (span.to_date is null or quarters.as_of_date < span.to_date)
    group by 1, 2

),

recommended as (

    select
        quarters.quarter_start_date,
        answer.customer_id,
        answer.recommendation_score,
        row_number() over (
            partition by quarters.quarter_start_date, answer.customer_id
            order by answer.answered_at desc, answer.response_id asc
        ) as place
    from quarters
    inner join {{ ref('int_recommendations__by_customer') }} as answer on quarters.as_of_date >= answer.answered_date

)

select
    bought.customer_id,
    bought.quarter_start_date,
    bought.as_of_date,
    bought.as_of_date = {{ as_of_date() }} as is_current,
    bought.first_purchase_date,
    bought.last_purchase_date,
    {{ integer('bought.purchase_count') }} as purchase_count,
    {{ integer('bought.trailing_purchase_count') }} as trailing_purchase_count,
    {% for block in range(1, 5) %}
        {{ money('coalesce(earned.block_' ~ block ~ '_reporting_amount, 0)') }} as block_{{ block }}_reporting_amount,
    {% endfor %}
    {{ money('coalesce(earned.trailing_reporting_amount, 0)') }} as revenue_reporting_amount,
    at_risk.customer_id is not null as is_at_risk,
    at_risk.risk_rule,
    at_risk.at_risk_since_date,
    recommended.recommendation_score
from bought
left join earned
    on bought.quarter_start_date = earned.quarter_start_date and bought.customer_id = earned.customer_id
left join at_risk
    on bought.quarter_start_date = at_risk.quarter_start_date and bought.customer_id = at_risk.customer_id
left join recommended
    on
        bought.quarter_start_date = recommended.quarter_start_date
        and bought.customer_id = recommended.customer_id
        and recommended.place = 1
