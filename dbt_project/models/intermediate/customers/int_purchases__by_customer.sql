{#
    Grain: one row per purchase of a known customer: a paid order, or a won deal that no order stands for.
    What customer marts count as buying; KPIs whose definition says "paid order" count orders alone.
#}
select
    paid.customer_id,
    'order' as purchase_kind,
    paid.order_key as purchase_key,
    paid.paid_date as purchase_date,
    paid.channel,
    paid.region,
    paid.order_reporting_amount as purchase_reporting_amount
from {{ ref('int_paid_orders__by_customer') }} as paid

union all

select
    {{ customer_id_column() }},
    'deal' as purchase_kind,
    deal.opportunity_key as purchase_key,
    deal.won_date as purchase_date,
    deal.channel,
    deal.region,
    coalesce(deal.reporting_amount, 0) as purchase_reporting_amount
from {{ ref('fct_opportunities') }} as deal
{{ customer_id_lookup('deal') }}
where
    deal.is_won and not deal.has_linked_order and deal.won_date is not null
    and deal.won_date <= {{ as_of_date() }} and {{ customer_id_column() }} is not null
