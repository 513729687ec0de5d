-- A variant of an experiment.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('experiment', key=['experiment_id', 'variant']) }}
),

final as (
    select
        source_system,
        experiment_id,
        experiment_name,
        variant,
        is_control,
        planned_share,
        metric,
        unit,
        hypothesis,
        marketing_channel,
        campaign_id,
        owner_employee_id,
        start_date,
        end_date,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
