{#
    Grain: one row per kind of pair (product or product_line) and pair, over the baskets of the trailing 12 months.
    Nothing adds up over pairs but baskets with both and those expected, whose ratio is the lift of a set of pairs.
#}
select
    as_of_date,
    pair_kind,
    item_a,
    item_b,
    item_a || ' + ' || item_b as product_pair,
    basket_count,
    a_basket_count,
    b_basket_count,
    pair_basket_count,
    cast(pair_basket_count as double) / basket_count as support,
    cast(pair_basket_count as double) / a_basket_count as confidence_a_to_b,
    cast(pair_basket_count as double) / b_basket_count as confidence_b_to_a,
    cast(a_basket_count as double) * b_basket_count / basket_count as expected_pair_basket_count,
    cast(pair_basket_count as double) * basket_count / (cast(a_basket_count as double) * b_basket_count) as lift
from {{ ref('int_product_pairs') }}
where as_of_date = {{ as_of_date() }}
