{#
    Grain: one row per as_of_date (the build's day, and the ends of the last quarters), kind of pair (product or
    product_line) and pair, item_a before item_b: baskets of the trailing 12 months with both. Pairs below the least
    support are left out; items that cannot reach it are dropped before the pairs are made. Baskets do not add up.
#}
with days as (

    select {{ as_of_date() }} as as_of_date

    union

    select distinct {{ add_days(kpi_period_start('quarter', 'date_day'), -1) }} as as_of_date
    from {{ ref('dim_date') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day > {{ add_months(as_of_date(), -3 * (var('recommendation_history_quarters') | int)) }}

),

items as (

    {% for kind, item in [('product', 'product_id'), ('product_line', 'product_line')] %}
        select distinct
            days.as_of_date,
            '{{ kind }}' as pair_kind,
            basket.order_key,
            basket.{{ item }} as item
        from days
        inner join {{ ref('int_baskets') }} as basket
            on
                days.as_of_date >= basket.paid_date
                and {{ add_months('days.as_of_date', -(var('trailing_months') | int)) }} < basket.paid_date
        where basket.{{ item }} <> '(none)'
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

totals as (

    select
        as_of_date,
        pair_kind,
        count(distinct order_key) as basket_count
    from items
    group by 1, 2

),

frequent as (

    select
        items.as_of_date,
        items.pair_kind,
        items.item,
        totals.basket_count,
        count(*) as item_basket_count
    from items
    inner join totals on items.as_of_date = totals.as_of_date and items.pair_kind = totals.pair_kind
    group by 1, 2, 3, 4
    having count(*) >= {{ var('affinity_minimum_support') }} * totals.basket_count

),

kept as (

    select
        items.as_of_date,
        items.pair_kind,
        items.order_key,
        items.item
    from items
    inner join frequent
        on
            items.as_of_date = frequent.as_of_date
            and items.pair_kind = frequent.pair_kind
            and items.item = frequent.item

),

pairs as (

    select
        a.as_of_date,
        a.pair_kind,
        a.item as item_a,
        b.item as item_b,
        count(*) as pair_basket_count
    from kept as a
    inner join kept as b
        on a.as_of_date = b.as_of_date and a.pair_kind = b.pair_kind and a.order_key = b.order_key and a.item < b.item
    group by 1, 2, 3, 4

)

select
    pairs.as_of_date,
    pairs.pair_kind,
    pairs.item_a,
    pairs.item_b,
    {{ integer('a.basket_count') }} as basket_count,
    {{ integer('a.item_basket_count') }} as a_basket_count,
    {{ integer('b.item_basket_count') }} as b_basket_count,
    {{ integer('pairs.pair_basket_count') }} as pair_basket_count
from pairs
inner join frequent as a
    on pairs.as_of_date = a.as_of_date and pairs.pair_kind = a.pair_kind and pairs.item_a = a.item
inner join frequent as b
    on pairs.as_of_date = b.as_of_date and pairs.pair_kind = b.pair_kind and pairs.item_b = b.item
where pairs.pair_basket_count >= {{ var('affinity_minimum_support') }} * a.basket_count
