{#
    Grain: one row per month of the loss, reason, stage it was lost from, region and product line. Deals and amounts are
    additive; customers are not: one may lose us several deals.
#}
select
    {{ period_start('month', 'deal.closed_date') }} as lost_month,
    deal.loss_reason,
    {{ member('deal.lost_from_stage') }} as stage,
    deal.region,
    deal.product_line,
    {{ integer('count(*)') }} as lost_deal_count,
    {{ integer('count(distinct ' ~ customer_id_column() ~ ')') }} as lost_customer_count,
    {{ money('coalesce(sum(deal.reporting_amount), 0)') }} as lost_reporting_amount,
    {{ integer('sum(case when deal.reporting_amount is null then 1 else 0 end)') }} as deals_without_amount
from {{ ref('fct_opportunities') }} as deal
{{ customer_id_lookup('deal') }}
where deal.is_closed and not deal.is_won and deal.closed_date is not null
group by 1, 2, 3, 4, 5
