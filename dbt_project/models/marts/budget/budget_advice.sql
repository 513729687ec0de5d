{#
    Grain: one row per advice: month, kind, marketing channel, campaign and product line. Amounts are additive within a
    kind. What came of it is known once the next month is over: is_followed says whether spend moved as proposed, brought is
    the change of attributed revenue less that of spend, where it was followed.
#}
with advice as (

    select
        proposed.*,
        campaigns.is_next_month_known,
        campaigns.spend_amount,
        campaigns.revenue_amount,
        campaigns.next_spend_amount,
        campaigns.next_revenue_amount
    from {{ ref('int_budget_advice__proposed') }} as proposed
    left join (
        select
            month_start,
            marketing_channel,
            campaign_id,
            is_next_month_known,
            spend_amount,
            revenue_amount,
            next_spend_amount,
            next_revenue_amount
        from {{ ref('int_campaign_returns__monthly') }}

        union all

        select
            month_start,
            marketing_channel,
            '(none)' as campaign_id,
            {{ any_true('is_next_month_known') }} as is_next_month_known,
            sum(spend_amount) as spend_amount,
            sum(revenue_amount) as revenue_amount,
            sum(next_spend_amount) as next_spend_amount,
            sum(next_revenue_amount) as next_revenue_amount
        from {{ ref('int_campaign_returns__monthly') }}
        where campaign_id <> '(none)'
        group by 1, 2
    ) as campaigns
        on
            proposed.month_start = campaigns.month_start
            and proposed.marketing_channel = campaigns.marketing_channel
            and proposed.campaign_id = campaigns.campaign_id

),

judged as (

    select
        advice.*,
        case
            when not coalesce(is_next_month_known, false) then null
            when advice_kind in ('pause', 'shift') then next_spend_amount < spend_amount
            when advice_kind = 'release' then next_spend_amount > spend_amount
        end as is_followed
    from advice

)

select
    cast(month_start as string)
    || ':' || advice_kind || ':' || marketing_channel || ':' || campaign_id || ':' || coalesce(product_line, '')
        as advice_key,
    month_start,
    {{ add_months('month_start', 1) }} as advised_date,
    advice_kind,
    marketing_channel,
    campaign_id,
    product_line,
    to_marketing_channel,
    to_campaign_id,
    return_on_spend,
    {{ money('amount') }} as amount_reporting_amount,
    {{ money('expected_gain') }} as expected_gain_reporting_amount,
    is_followed,
    {{ money('case when is_followed is not null then next_spend_amount - spend_amount end') }}
        as spend_change_reporting_amount,
    case when is_followed is not null then next_revenue_amount / nullif(next_spend_amount, 0) end
        as next_return_on_spend,
    {{ money(
        'case when is_followed then (next_revenue_amount - revenue_amount) - (next_spend_amount - spend_amount) end'
    ) }} as brought_reporting_amount
from judged
