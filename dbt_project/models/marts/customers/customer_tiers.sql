{#
    Grain: one row per customer who has bought and quarter: value x potential x loyalty at the quarter's end, or on the
    build's day for the quarter that is not over (is_current). Amounts do not add up over quarters; classes never.
    What a CRM states (grade, growth, plans, depth, potential) is read as it stands now in every quarter.
#}
with facts as (

    select
        quarter.*,
        customer.customer_type,
        customer.region,
        customer.quality_grade as stated_grade,
        stated.success_employee_id,
        coalesce(stated.is_key_account, false) as is_key_account,
        stated.potential_points,
        coalesce(stated.is_stated, false) as is_stated,
        case
            when stated.industry_growth >= {{ var('potential_industry_growth_high') }} then 1
            when stated.industry_growth < {{ var('potential_industry_growth_low') }} then -1
            else 0
        end
        + case when stated.has_expansion_plan then 1 else 0 end
        + coalesce(stated.depth_points, 0)
        + coalesce(stated.potential_points, 0) as points,
        coalesce(customer.customer_type, 'person') = 'organisation' as is_organisation,
        quarter.first_purchase_date
        > {{ add_months('quarter.as_of_date', -(var('new_customer_months') | int)) }} as is_new
    from {{ ref('int_customers__by_quarter') }} as quarter
    left join {{ ref('dim_customer') }} as customer on quarter.customer_id = customer.customer_id
    left join {{ ref('int_accounts__by_customer') }} as stated on quarter.customer_id = stated.customer_id

),

-- slope of a straight line through the four blocks, over their mean: the change per quarter as a share
judged as (

    select
        *,
        (
            0.3 * cast(block_1_reporting_amount - block_4_reporting_amount as double)
            + 0.1 * cast(block_2_reporting_amount - block_3_reporting_amount as double)
        ) / nullif(cast(revenue_reporting_amount as double) / 4, 0) as revenue_trend,
        case
            when is_at_risk or recommendation_score <= {{ var('loyalty_detractor_score') }} then 'at_risk'
            when
                trailing_purchase_count >= {{ var('loyalty_loyal_purchases') }}
                or (
                    trailing_purchase_count >= 2 and recommendation_score >= {{ var('loyalty_promoter_score') }}
                ) then 'loyal'
            else 'stable'
        end as loyalty,
        percent_rank() over (
            partition by quarter_start_date, is_organisation and not is_new order by revenue_reporting_amount desc
        ) as revenue_rank,
        row_number() over (
            partition by quarter_start_date order by revenue_reporting_amount desc, customer_id asc
        ) as revenue_place
    from facts

),

rated as (

    select
        *,
        case
            when is_stated and points >= 1 then 'high'
            when is_stated and points <= -1 then 'low'
            when is_stated or is_new then 'medium'
            when revenue_reporting_amount <= 0 then 'low'
            when purchase_count < 2 then 'medium'
            when revenue_trend <= {{ var('potential_trend_low') }} then 'low'
            when revenue_trend >= {{ var('potential_trend_high') }} then 'high'
            else 'medium'
        end as potential,
        case
            when is_stated then 'crm_fields'
            when is_new or purchase_count < 2 then 'none'
            else 'trend'
        end as potential_basis,
        case
            when not is_organisation or is_new then null
            when revenue_reporting_amount >= {{ var('tier_strategic_revenue') }} then 'strategic'
            when revenue_reporting_amount >= {{ var('tier_core_revenue') }} then 'core'
            when revenue_reporting_amount >= {{ var('tier_important_revenue') }} then 'important'
            else 'standard'
        end as value_class
    from judged

),

graded as (

    select
        *,
        case
            when value_class is not null then null
            when stated_grade in ('A', 'B', 'C') then stated_grade
            when potential_points = 1 and loyalty <> 'at_risk' then 'A'
            when potential_points = -1 or (potential_points is not null and loyalty = 'at_risk') then 'C'
            when potential_points = 0 then 'B'
            when revenue_reporting_amount <= 0 then 'C'
            when revenue_rank < {{ var('grade_a_share') }} then 'A'
            when revenue_rank < {{ var('grade_a_share') + var('grade_b_share') }} then 'B'
            else 'C'
        end as quality_grade
    from rated

),

final as (

    select
        *,
        coalesce(value_class, quality_grade) as customer_tier,
        case
            when value_class in ('strategic', 'core') or quality_grade = 'A' then 'high'
            when value_class = 'important' or quality_grade = 'B' then 'medium'
            else 'low'
        end as value_level
    from graded

)

select
    final.customer_id,
    final.quarter_start_date,
    final.as_of_date,
    final.is_current,
    final.region,
    final.revenue_reporting_amount,
    {{ integer('final.revenue_place') }} as revenue_place,
    final.revenue_place <= {{ var('success_top_customers') }} as is_top_customer,
    final.value_class,
    final.quality_grade,
    final.customer_tier,
    final.potential,
    final.potential_basis,
    final.revenue_trend,
    final.loyalty,
    final.recommendation_score,
    final.is_at_risk,
    final.is_new,
    final.is_key_account,
    final.success_employee_id,
    final.value_level,
    crossing.customer_group,
    crossing.advice,
    crossing.advice_zh
from final
inner join {{ ref('customer_groups') }} as crossing
    on
        final.value_level = crossing.value_level
        and final.potential = crossing.potential
        and final.loyalty = crossing.loyalty
