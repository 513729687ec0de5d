-- Grain: one row per source system, KPI, kind of benchmark, scope (dimension and member) and period.
-- Values are not additive.
with

benchmarks as (
    select * from {{ ref('stg_benchmark') }}
),

final as (
    select
        source_system,
        kpi_id,
        benchmark_kind,
        coalesce(dimension, 'total') as dimension,
        coalesce(member, 'all') as member,
        period_start,
        period_end,
        benchmark_value,
        source,
        {{ lineage_columns('benchmarks') }}
    from benchmarks
    where benchmark_value is not null
)

select * from final
