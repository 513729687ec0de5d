-- Grain: one row per whole quarter and seller with a target: what the scheme pays for reaching it and for going beyond.
-- It is paid in the quarter's last month. A scheme that pays on revenue by month takes refunds as they fall into the
-- quarter; one that does not takes the quarter's sales, and claws back at the rate of the sale's quarter.
{% set scheme = commission_terms() %}
with

sales as (
    select
        {{ kpi_period_start('quarter', 'month_start') }} as quarter_start,
        employee_id,
        {% if scheme['revenue_rate'] > 0 %}
            sum(revenue_amount) as counted_amount
        {% else %}
            sum(case when event_kind <> 'refund' then revenue_amount end) as counted_amount
        {% endif %}
    from {{ ref('int_commission_sales') }}
    group by 1, 2
),

compared as (
    select
        sellers.quarter_start,
        {{ add_months('sellers.quarter_start', 2) }} as paid_month,
        sellers.employee_id,
        sellers.target,
        coalesce(sales.counted_amount, 0) as counted_amount,
        -- rounded, so that a step is reached by the amount that stands at it
        round(coalesce(sales.counted_amount, 0) / sellers.target - 1, 9) as beyond
    from {{ ref('seller_attainment') }} as sellers
    left join sales
        on sellers.quarter_start = sales.quarter_start and sellers.employee_id = sales.employee_id
    where sellers.is_complete and sellers.target > 0
),

final as (
    select
        quarter_start,
        paid_month,
        employee_id,
        target,
        counted_amount,
        beyond,
        case when beyond >= 0 then {{ scheme['target_bonus'] }} else 0 end as target_bonus,
        case
            {% for step in scheme['steps'] %}
                when beyond >= {{ step['beyond'] }} and beyond > 0 then {{ step['rate'] }}
            {% endfor %}
            else 0
        end as beyond_rate,
        greatest(counted_amount - target, 0) as beyond_amount
    from compared
)

select * from final
