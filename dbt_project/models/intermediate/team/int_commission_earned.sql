-- Grain: one row per month, employee, kind of line and rate: what is earned on sales and taken back on refunds, before
-- awards. Amounts are additive.
with

sales as (
    select
        sales.*,
        rates.revenue_rate + rates.core_repurchase_rate + rates.new_customer_rate as full_rate,
        rates.revenue_rate,
        rates.core_repurchase_rate,
        rates.new_customer_rate
    from {{ ref('int_commission_sales') }} as sales
    inner join {{ ref('int_commission_rates') }} as rates
        on sales.month_start = rates.month_start and sales.employee_id = rates.employee_id
    where sales.event_kind <> 'refund'
),

-- a refund takes back what its sale earned: the rates of the sale's month, and of its quarter where sales alone count;
-- a sale before all that is known earned the scheme's rate on revenue
refunds as (
    select
        sales.month_start,
        sales.employee_id,
        sales.revenue_amount,
        coalesce(
            rates.revenue_rate + rates.core_repurchase_rate + rates.new_customer_rate,
            {{ commission_terms()['revenue_rate'] }}
        )
        * case when sales.is_unhandled then {{ var('commission_unhandled_factor') }} else 1 end
        {% if commission_terms()['revenue_rate'] == 0 %}
            + coalesce(quarters.beyond_rate, 0)
        {% endif %}
            as rate
    from {{ ref('int_commission_sales') }} as sales
    left join {{ ref('int_commission_rates') }} as rates
        on sales.sale_month = rates.month_start and sales.employee_id = rates.employee_id
    left join {{ ref('int_commission_quarters') }} as quarters
        on
            {{ kpi_period_start('quarter', 'sales.sale_month') }} = quarters.quarter_start
            and sales.employee_id = quarters.employee_id
    where sales.event_kind = 'refund'
),

lines as (
    {% for kind in ['revenue', 'core_repurchase', 'new_customer'] %}
        select
            month_start,
            employee_id,
            '{{ kind }}' as line_kind,
            {{ kind }}_rate as rate,
            sum(revenue_amount) as basis_amount
        from sales
        group by 1, 2, 3, 4

        union all
    {% endfor %}

    select
        month_start,
        employee_id,
        'unhandled_leads' as line_kind,
        -full_rate * (1 - {{ var('commission_unhandled_factor') }}) as rate,
        sum(revenue_amount) as basis_amount
    from sales
    where is_unhandled
    group by 1, 2, 3, 4

    union all

    select
        month_start,
        employee_id,
        'claw_back' as line_kind,
        rate,
        sum(revenue_amount) as basis_amount
    from refunds
    group by 1, 2, 3, 4

    union all

    select
        paid_month as month_start,
        employee_id,
        'beyond_target' as line_kind,
        beyond_rate as rate,
        beyond_amount as basis_amount
    from {{ ref('int_commission_quarters') }}

    union all

    select
        paid_month as month_start,
        employee_id,
        'target_bonus' as line_kind,
        cast(1 as double) as rate,
        target_bonus as basis_amount
    from {{ ref('int_commission_quarters') }}
),

final as (
    select
        month_start,
        employee_id,
        line_kind,
        round(cast(rate as double), 9) as rate,
        {{ money('basis_amount') }} as basis_amount,
        {{ money('round(basis_amount * rate, 2)') }} as amount
    from lines
    where rate <> 0 and basis_amount <> 0
)

select * from final
