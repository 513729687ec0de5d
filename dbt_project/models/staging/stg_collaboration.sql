-- A contribution to another team.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('collaboration', key=['collaboration_id']) }}
),

final as (
    select
        source_system,
        collaboration_id,
        employee_id,
        for_team,
        collaboration_kind,
        points,
        opportunity_id,
        contributed_date,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
