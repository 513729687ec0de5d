{#
    Grain: one row per month, employee, kind of line and rate. Amounts are additive: over the lines of a statement they are
    its total. What a refund takes back stands in the month of the refund.
#}
with earned as (

    select * from {{ ref('int_commission_earned') }}

),

months as (

    select
        month_start,
        employee_id,
        sum(amount) as amount
    from earned
    group by 1, 2

),

awards as (

    select
        awards.month_start,
        awards.employee_id,
        awards.award as line_kind,
        cast(awards.share_of_commission as double) as rate,
        {{ money('months.amount') }} as basis_amount,
        {{ money('round(cast(months.amount as double) * awards.share_of_commission, 2)') }} as amount
    from {{ ref('int_commission_awards') }} as awards
    inner join months on awards.month_start = months.month_start and awards.employee_id = months.employee_id
    where months.amount > 0

),

-- who brought another's customer: a shared deal of another team; the first contribution counts
contributions as (

    select
        {{ customer_id_column() }},
        contribution.employee_id,
        deal.employee_id as seller_id,
        min(contribution.contributed_date) as contributed_date
    from {{ ref('fct_collaboration') }} as contribution
    inner join {{ ref('fct_opportunities') }} as deal on contribution.opportunity_id = deal.opportunity_id
    {{ customer_id_lookup('deal') }}
    where
        contribution.collaboration_kind = 'shared_deal'
        and contribution.employee_id <> coalesce(deal.employee_id, '')
        and {{ customer_id_column() }} is not null
    group by 1, 2, 3

),

first_contributions as (

    select
        contributions.*,
        row_number() over (partition by customer_id order by contributed_date, employee_id) as place
    from contributions

),

contributed as (

    select
        sales.month_start,
        first_contributions.employee_id,
        'contributed_customers' as line_kind,
        cast({{ var('commission_contributed_share') }} as double) as rate,
        {{ money('sum(sales.revenue_amount)') }} as basis_amount,
        {{ money('round(sum(sales.revenue_amount) * ' ~ var('commission_contributed_share') ~ ', 2)') }} as amount
    from {{ ref('int_commission_sales') }} as sales
    inner join first_contributions
        on
            sales.customer_id = first_contributions.customer_id
            and sales.event_date > first_contributions.contributed_date
            and sales.employee_id <> first_contributions.employee_id
    where first_contributions.place = 1
    group by 1, 2, 3, 4

),

lines as (

    select
        month_start,
        employee_id,
        line_kind,
        rate,
        basis_amount,
        amount
    from earned
    union all
    select * from awards
    union all
    select * from contributed

)

select
    month_start,
    employee_id,
    line_kind,
    rate,
    basis_amount,
    amount,
    '{{ var("commission_scheme") }}' as commission_scheme
from lines
where amount <> 0
