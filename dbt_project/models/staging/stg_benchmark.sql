-- A figure that a KPI is held against.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('benchmark', key=[
        'kpi_id',
        'benchmark_kind',
        'dimension',
        'member',
        'period_start',
        'period_end'
    ]) }}
),

final as (
    select
        source_system,
        kpi_id,
        benchmark_kind,
        dimension,
        member,
        period_start,
        period_end,
        benchmark_value,
        source,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
