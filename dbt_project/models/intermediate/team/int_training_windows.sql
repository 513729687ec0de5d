-- Grain: one row per employee and completed course whose months after it are over: leads of the months before and
-- after, of the one trained and of untrained peers: sellers who did not finish the same course in those months.
with

finished as (
    select
        course,
        employee_id,
        training_date as finished_date,
        {{ add_months('training_date', -(var('training_effect_months') | int)) }} as window_start,
        {{ add_months('training_date', var('training_effect_months')) }} as window_end
    from {{ ref('fct_training') }}
    where is_completed and training_date is not null
),

lead_days as (
    select
        employee_id,
        created_date,
        count(*) as leads,
        sum(case when is_won then 1 else 0 end) as won
    from {{ ref('fct_leads') }}
    where employee_id is not null and created_date is not null
    group by 1, 2
),

sellers as (
    select distinct employee_id from lead_days
),

-- months before the first lead that is known would be no conversion
first_leads as (
    select min(created_date) as first_lead_date from lead_days
),

-- who learnt the same in the window is no peer; the one trained is the row of is_trained
compared as (
    select
        finished.course,
        finished.employee_id,
        finished.finished_date,
        finished.window_start,
        finished.window_end,
        sellers.employee_id as compared_employee_id,
        sellers.employee_id = finished.employee_id as is_trained
    from finished
    cross join sellers
    cross join first_leads
    left join finished as also
        on
            sellers.employee_id = also.employee_id
            and finished.course = also.course
            and finished.window_start < also.finished_date
            and finished.window_end >= also.finished_date
    where
        finished.window_end <= {{ as_of_date() }}
        and finished.window_start >= first_leads.first_lead_date
        and finished.employee_id in (select trainable.employee_id from sellers as trainable)
        and (sellers.employee_id = finished.employee_id or also.employee_id is null)
    group by 1, 2, 3, 4, 5, 6, 7
),

final as (
    select
        compared.course,
        compared.employee_id,
        compared.finished_date,
        {{ integer(
            'coalesce(sum(case when compared.is_trained and lead_days.created_date <= compared.finished_date '
            ~ 'then lead_days.leads end), 0)'
        ) }} as trained_leads_before,
        {{ integer(
            'coalesce(sum(case when compared.is_trained and lead_days.created_date <= compared.finished_date '
            ~ 'then lead_days.won end), 0)'
        ) }} as trained_won_before,
        {{ integer(
            'coalesce(sum(case when compared.is_trained and lead_days.created_date > compared.finished_date '
            ~ 'then lead_days.leads end), 0)'
        ) }} as trained_leads_after,
        {{ integer(
            'coalesce(sum(case when compared.is_trained and lead_days.created_date > compared.finished_date '
            ~ 'then lead_days.won end), 0)'
        ) }} as trained_won_after,
        {{ integer(
            'coalesce(sum(case when not compared.is_trained and lead_days.created_date <= compared.finished_date '
            ~ 'then lead_days.leads end), 0)'
        ) }} as peer_leads_before,
        {{ integer(
            'coalesce(sum(case when not compared.is_trained and lead_days.created_date <= compared.finished_date '
            ~ 'then lead_days.won end), 0)'
        ) }} as peer_won_before,
        {{ integer(
            'coalesce(sum(case when not compared.is_trained and lead_days.created_date > compared.finished_date '
            ~ 'then lead_days.leads end), 0)'
        ) }} as peer_leads_after,
        {{ integer(
            'coalesce(sum(case when not compared.is_trained and lead_days.created_date > compared.finished_date '
            ~ 'then lead_days.won end), 0)'
        ) }} as peer_won_after
    from compared
    left join lead_days
        on
            compared.compared_employee_id = lead_days.employee_id
            and compared.window_start < lead_days.created_date
            and compared.window_end >= lead_days.created_date
    group by 1, 2, 3
)

select * from final
