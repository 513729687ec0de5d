{#
    Grain: one row per kind of period, period that is over, cohort, region, tier, segment and industry: the customers with
    a paid order in the period before, and those of them with one in this period too. Adds up within one kind of period.
    Tier and segment are as they were at the start of the quarter that the period lies in; region and industry are as now.
#}
with ordered as (

    select
        customer_id,
        paid_date,
        min(paid_date) over (partition by customer_id) as first_paid_date
    from {{ ref('int_paid_orders__by_customer') }}

),

active as (

    {% for kind, months in [('month', 1), ('quarter', 3), ('year', 12)] %}
        select distinct
            '{{ kind }}' as period_kind,
            {{ kpi_period_start(kind, 'paid_date') }} as period_start,
            {{ add_months(kpi_period_start(kind, 'paid_date'), months) }} as next_period_start,
            {{ add_months(kpi_period_start(kind, 'paid_date'), 2 * months) }} as next_period_end,
            customer_id,
            {{ period_start('month', 'first_paid_date') }} as cohort_month
        from ordered
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

bases as (

    select
        base.period_kind,
        base.next_period_start as period_start,
        base.customer_id,
        base.cohort_month,
        {{ kpi_period_start('quarter', 'base.next_period_start') }} as tier_quarter,
        again.customer_id is not null as is_retained
    from active as base
    left join active as again
        on
            base.period_kind = again.period_kind
            and base.next_period_start = again.period_start
            and base.customer_id = again.customer_id
    where base.next_period_end <= {{ add_days(as_of_date(), 1) }}

)

select
    bases.period_kind,
    bases.period_start,
    bases.cohort_month,
    coalesce(customer.region, '(none)') as region,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    coalesce(segment.segment, '(none)') as rfm_segment,
    coalesce(customer.industry, '(none)') as industry,
    {{ integer('count(*)') }} as base_customer_count,
    {{ integer('sum(case when bases.is_retained then 1 else 0 end)') }} as retained_customer_count
from bases
left join {{ ref('dim_customer') }} as customer on bases.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier
    on
        bases.customer_id = tier.customer_id
        and {{ add_months('bases.tier_quarter', -3) }} = tier.quarter_start_date
left join {{ ref('rfm_segments') }} as segment
    on bases.customer_id = segment.customer_id and {{ add_days('bases.tier_quarter', -1) }} = segment.as_of_date
group by 1, 2, 3, 4, 5, 6, 7
