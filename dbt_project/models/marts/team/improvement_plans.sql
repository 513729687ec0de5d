{#
    Grain: one row per plan: a seller whose attainment of a whole quarter fell short, or who was in the lowest band.
    Plans are additive over sellers. A plan is met when the next quarter no longer gives the reason for it.
#}
with quarters as (

    select
        card.*,
        coalesce(card.attainment < {{ var('seller_pass_attainment') }}, false) as is_short,
        card.performance_band = 'lowest' as is_lowest,
        {{ add_months('card.quarter_start', 3) }} as next_quarter_start
    from {{ ref('seller_scorecard') }} as card
    where card.is_complete

),

reasons as (

    {% for kind, condition in [('attainment', 'is_short'), ('lowest_band', 'is_lowest')] %}
        select
            '{{ kind }}' as plan_kind,
            quarters.quarter_start,
            quarters.next_quarter_start,
            quarters.employee_id,
            quarters.team,
            quarters.region,
            quarters.attainment,
            quarters.total_score,
            quarters.weakest_1,
            quarters.weakest_2,
            quarters.weakest_3,
            coalesce(before.{{ condition }}, false) as is_escalated,
            after.employee_id is not null as is_next_quarter_known,
            after.{{ condition }} as is_repeated,
            after.attainment as next_attainment,
            after.total_score as next_total_score
        from quarters
        left join quarters as before
            on
                quarters.employee_id = before.employee_id
                and quarters.quarter_start = before.next_quarter_start
        left join quarters as after
            on
                quarters.employee_id = after.employee_id
                and quarters.next_quarter_start = after.quarter_start
        where quarters.{{ condition }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        plan_kind || ':' || employee_id || ':' || cast(quarter_start as string) as plan_key,
        plan_kind,
        quarter_start,
        employee_id,
        team,
        region,
        attainment,
        total_score,
        weakest_1,
        weakest_2,
        weakest_3,
        is_escalated,
        next_quarter_start as opened_date,
        {{ add_days(add_months('next_quarter_start', var('improvement_plan_months')), -1) }} as due_date,
        case plan_kind when 'lowest_band' then 'week' else 'month' end as review_cadence,
        case
            when not is_next_quarter_known then 'open'
            when is_repeated then 'missed'
            else 'met'
        end as status,
        next_attainment - attainment as attainment_change,
        next_total_score - total_score as total_score_change
    from reasons

)

select * from final
