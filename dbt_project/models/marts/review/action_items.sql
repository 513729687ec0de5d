-- Grain: one row per action and change; is_current marks how it stands now, and only current rows may be counted as
-- actions. Due is judged by the day of the run; a cancelled action is never due.
with

actions as (
    select
        action.*,
        coalesce(region_word.region, nullif(trim(action.region), ''), '(none)') as sales_region,
        row_number() over (
            partition by action.source_system, action.action_id order by action.updated_at nulls first
        ) as change_number,
        lead(action.action_id) over (
            partition by action.source_system, action.action_id order by action.updated_at nulls first
        ) is null as is_current
    from {{ ref('stg_action_item') }} as action
    {{ region_word_lookup('action.region') }}
),

judged as (
    select
        actions.*,
        proposer_verified_date is not null and accepter_verified_date is not null as is_verified,
        coalesce(due_date < {{ as_of_date() }} and status <> 'cancelled', false) as is_due
    from actions
),

final as (
    select
        source_system || ':' || action_id as action_key,
        {{ integer('change_number') }} as change_number,
        action_id,
        source_system,
        is_current,
        meeting_id,
        kpi_id,
        what,
        why,
        {{ member('responsible_employee_id') }} as responsible_employee_id,
        start_date,
        due_date,
        place,
        sales_region as region,
        how,
        accountable_employee_id,
        consulted,
        informed,
        resources,
        acceptance_criterion,
        status,
        light as stated_light,
        case
            when status = 'cancelled' then null
            when coalesce(done_date, {{ as_of_date() }}) > due_date then 'red'
            when done_date is not null then 'green'
            else coalesce(light, 'green')
        end as light,
        dispute_since,
        {{ integer('dispute_tier') }} as dispute_tier,
        value_before,
        value_after,
        value_after - value_before as value_change,
        proposer_employee_id,
        accepter_employee_id,
        proposer_verified_date,
        accepter_verified_date,
        done_date,
        is_due,
        is_verified,
        coalesce(is_verified and done_date <= due_date, false) as is_verified_in_time,
        updated_at as changed_at,
        {{ lineage_columns('judged') }}
    from judged
)

select * from final
