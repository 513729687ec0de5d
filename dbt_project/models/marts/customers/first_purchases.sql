{#
    Grain: one row per customer who has bought: the first paid order or won deal, and what brought it by the default
    attribution model (the acquiring touch).
#}
with purchases as (

    -- a deal that an order stands for is a purchase too, on the day it was won
    select
        customer_id,
        conversion_kind,
        conversion_key,
        conversion_date,
        converted_at,
        region,
        marketing_channel,
        platform,
        campaign_id
    from {{ ref('int_conversions__attributed') }}
    where customer_id is not null

    union all

    select
        {{ customer_id_column() }},
        'deal' as conversion_kind,
        deal.opportunity_key as conversion_key,
        deal.won_date as conversion_date,
        deal.won_at as converted_at,
        deal.region,
        deal.marketing_channel,
        '(none)' as platform,
        '(none)' as campaign_id
    from {{ ref('fct_opportunities') }} as deal
    {{ customer_id_lookup('deal') }}
    where deal.is_won and deal.has_linked_order and deal.won_date is not null and {{ customer_id_column() }} is not null

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by conversion_date asc, converted_at asc nulls last, conversion_kind desc, conversion_key asc
        ) as place
    from purchases

)

select
    ranked.customer_id,
    ranked.conversion_date as first_purchase_date,
    ranked.conversion_kind as first_purchase_kind,
    ranked.conversion_key as first_purchase_key,
    case when ranked.region <> '(none)' then ranked.region else coalesce(customer.region, '(none)') end as region,
    coalesce(customer.industry, '(none)') as industry,
    {{ member('customer.quality_grade') }} as quality_grade,
    ranked.marketing_channel,
    ranked.platform,
    ranked.campaign_id,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    {{ member('customer.owner_employee_id') }} as employee_id,
    coalesce(milestone.is_referred, false) or ranked.marketing_channel = 'referral'
    or coalesce(customer.marketing_channel = 'referral', false) as is_referred
from ranked
left join {{ ref('dim_customer') }} as customer on ranked.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier on ranked.customer_id = tier.customer_id and tier.is_current
left join {{ ref('int_customers__milestones') }} as milestone on ranked.customer_id = milestone.customer_id
where ranked.place = 1
