-- Grain: one row per month, employee and award: its share of the month's commission. Awards are additive.
-- The winner has the highest value; among equals the one with more behind it, then the first by id.
with

stars as (
    {% for award, condition in [('core_customer_star', 'is_core_customer'), ('new_customer_star', 'is_new_customer')] %}
        select
            '{{ award }}' as award,
            month_start,
            employee_id,
            sum(revenue_amount) as value,
            sum(revenue_amount) as weight
        from {{ ref('int_commission_sales') }}
        where event_kind <> 'refund' and {{ condition }}
        group by 1, 2, 3
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

contests as (
    select * from stars

    union all

    select
        'lead_conversion_award' as award,
        {{ period_start('month', 'created_date') }} as month_start,
        employee_id,
        cast(sum(case when is_won then 1 else 0 end) as double) / count(*) as value,
        cast(count(*) as double) as weight
    from {{ ref('fct_leads') }}
    where employee_id is not null and created_date is not null
    group by 1, 2, 3

    union all

    -- of what fell due in the month, the share received by now
    select
        'collection_award' as award,
        {{ period_start('month', 'due_date') }} as month_start,
        employee_id,
        cast(sum(received_reporting_amount) as double) / nullif(sum(reporting_amount), 0) as value,
        cast(sum(reporting_amount) as double) as weight
    from {{ ref('fct_receivables') }}
    where is_latest and employee_id is not null and due_date <= {{ as_of_date() }}
    group by 1, 2, 3

    union all

    select
        'satisfaction_award' as award,
        {{ period_start('month', reporting_date('answered_at')) }} as month_start,
        served_by_employee_id as employee_id,
        avg(score / score_maximum) as value,
        cast(count(*) as double) as weight
    from {{ ref('stg_survey_response') }}
    where
        served_by_employee_id is not null
        and question_kind = 'csat'
        and score_maximum > 0
        and score is not null
        and answered_at is not null
    group by 1, 2, 3
),

ranked as (
    select
        contests.*,
        row_number() over (
            partition by award, month_start order by value desc, weight desc, employee_id asc
        ) as place
    from contests
    where value > 0
),

-- mentors whose mentees of the trailing months passed
mentors as (
    select
        months.month_start,
        pairs.mentor_employee_id as employee_id,
        cast(sum(case when pairs.is_passed then 1 else 0 end) as double) / count(*) as pass_share
    from (select distinct month_start from {{ ref('int_commission_earned') }}) as months
    inner join {{ ref('fct_mentoring') }} as pairs
        on
            {{ add_months('months.month_start', 1) }} > pairs.ended_date
            and {{ add_months('months.month_start', 1 - (var('trailing_months') | int)) }} <= pairs.ended_date
    where pairs.is_passed is not null
    group by 1, 2
),

final as (
    select
        award,
        month_start,
        employee_id,
        case
            when award in ('core_customer_star', 'new_customer_star') then {{ var('commission_star_share') }}
            else {{ var('commission_process_award_share') }}
        end as share_of_commission
    from ranked
    where place = 1

    union all

    select
        'mentor_bonus' as award,
        month_start,
        employee_id,
        {{ var('commission_mentor_share') }} as share_of_commission
    from mentors
    where pass_share > {{ var('commission_mentor_pass_limit') }}
)

select * from final
