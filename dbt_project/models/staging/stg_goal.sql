-- A goal for a KPI, period and cell.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
{% set key = [
    'kpi_id',
    'grain',
    'period_start',
    'region',
    'product_line',
    'channel',
    'team',
    'employee_id',
    'customer_group',
    'goal_version',
] %}
with

records as (
    select * from {{ current_records('goal', key=key) }}
),

final as (
    select
        source_system,
        kpi_id,
        grain,
        period_start,
        region,
        product_line,
        channel,
        team,
        employee_id,
        customer_group,
        target_value,
        owner_employee_id,
        definition,
        goal_version,
        calibrated_date,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
