{#
    Grain: one row per month and employee. All amounts are additive; the lines (columns) add up to the total, which is
    summed up on its own from commission_lines. Ranks are by total.
#}
{% set kinds = [
    'revenue', 'core_repurchase', 'new_customer', 'unhandled_leads', 'claw_back', 'beyond_target', 'target_bonus',
    'core_customer_star', 'new_customer_star', 'lead_conversion_award', 'collection_award', 'satisfaction_award',
    'mentor_bonus', 'contributed_customers',
] %}
with statements as (

    select
        month_start,
        employee_id,
        max(commission_scheme) as commission_scheme,
        {% for kind in kinds %}
            sum(case when line_kind = '{{ kind }}' then amount else 0 end) as {{ kind }}_amount,
        {% endfor %}
        sum(amount) as total_amount
    from {{ ref('commission_lines') }}
    group by 1, 2

)

select
    statements.month_start,
    statements.employee_id,
    coalesce(employee.team, '(none)') as team,
    coalesce(employee.region, '(none)') as region,
    statements.commission_scheme,
    {% for kind in kinds %}
        {{ money('statements.' ~ kind ~ '_amount') }} as {{ kind }}_amount,
    {% endfor %}
    {{ money('statements.total_amount') }} as total_amount,
    {{ integer('rank() over (partition by statements.month_start order by statements.total_amount desc)') }}
        as rank_in_company
from statements
{{ employee_lookup('statements.employee_id', 'statements.month_start') }}
