{#
    Grain: one row per customer with a purchase in the trailing 12 months, product and as_of_date (the build's day, and
    the ends of the last quarters): the best products not bought yet. Rows can be counted within one as_of_date.
#}
with rules as (

    select
        *,
        row_number() over (
            partition by as_of_date, bought_product_id order by lift * confidence desc, product_id asc
        ) as place
    from (
        {% for bought, other in [('a', 'b'), ('b', 'a')] %}
            select
                as_of_date,
                item_{{ bought }} as bought_product_id,
                item_{{ other }} as product_id,
                cast(pair_basket_count as double) / {{ bought }}_basket_count as confidence,
                cast(pair_basket_count as double) * basket_count / (cast(a_basket_count as double) * b_basket_count)
                    as lift
            from {{ ref('int_product_pairs') }}
            where pair_kind = 'product'
            {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as directed
    where lift > 1

),

bought as (

    select
        paid.customer_id,
        basket.product_id,
        min(basket.paid_date) as first_date,
        max(basket.paid_date) as last_date
    from {{ ref('int_baskets') }} as basket
    inner join {{ ref('int_paid_orders__by_customer') }} as paid on basket.order_key = paid.order_key
    group by 1, 2

),

-- the best rule for each product and customer with a purchase in the trailing 12 months
candidates as (

    select
        rules.as_of_date,
        bought.customer_id,
        rules.product_id,
        max(rules.lift * rules.confidence) as score
    from rules
    inner join bought
        on
            rules.bought_product_id = bought.product_id
            and rules.as_of_date >= bought.first_date
            and {{ add_months('rules.as_of_date', -(var('trailing_months') | int)) }} < bought.last_date
    where rules.place <= {{ var('recommendation_rules_per_product') }}
    group by 1, 2, 3

),

ranked as (

    select
        candidates.*,
        owned.first_date as bought_date,
        row_number() over (
            partition by candidates.as_of_date, candidates.customer_id
            order by candidates.score desc, candidates.product_id asc
        ) as place
    from candidates
    left join bought as owned
        on candidates.customer_id = owned.customer_id and candidates.product_id = owned.product_id
    where owned.first_date is null or owned.first_date > candidates.as_of_date

),

-- the rule behind what is kept: the one of that score from a product that was bought
explained as (

    select
        ranked.*,
        rules.bought_product_id,
        rules.lift,
        rules.confidence,
        row_number() over (
            partition by ranked.as_of_date, ranked.customer_id, ranked.product_id
            order by rules.lift * rules.confidence desc, rules.bought_product_id asc
        ) as place_of_rule
    from ranked
    inner join bought
        on ranked.customer_id = bought.customer_id and ranked.as_of_date >= bought.first_date
    inner join rules
        on
            ranked.as_of_date = rules.as_of_date
            and ranked.product_id = rules.product_id
            and bought.product_id = rules.bought_product_id
            and rules.place <= {{ var('recommendation_rules_per_product') }}
            and {{ add_months('rules.as_of_date', -(var('trailing_months') | int)) }} < bought.last_date
    where ranked.place <= {{ var('recommendations_per_customer') }}

)

select
    explained.customer_id,
    explained.product_id,
    explained.as_of_date,
    explained.as_of_date = {{ as_of_date() }} as is_current,
    coalesce(product.product_line, '(none)') as product_line,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    {{ integer('explained.place') }} as place,
    explained.score,
    explained.bought_product_id || ' -> ' || explained.product_id as rule,
    'Bought ' || coalesce(source.product_name, explained.bought_product_id) || ': '
    || cast(cast(round(explained.confidence * 100) as bigint) as string)
    || '% of such baskets hold ' || coalesce(product.product_name, explained.product_id) || ' too' as reason,
    explained.lift,
    explained.confidence,
    {{ add_days('explained.as_of_date', var('recommendation_hit_days')) }} <= {{ as_of_date() }} as is_outcome_known,
    coalesce(
        explained.bought_date <= {{ add_days('explained.as_of_date', var('recommendation_hit_days')) }}, false
    ) as is_bought
from explained
left join {{ ref('dim_product') }} as product on explained.product_id = product.product_id
left join {{ ref('dim_product') }} as source on explained.bought_product_id = source.product_id
left join {{ ref('customer_tiers') }} as tier on explained.customer_id = tier.customer_id and tier.is_current
where explained.place_of_rule = 1
