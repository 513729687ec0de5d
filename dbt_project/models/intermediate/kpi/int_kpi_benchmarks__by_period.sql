{#
    Grain: one row per KPI, scope, grain and period for which a benchmark holds: the one that is served.
    What accumulates is compared with a benchmark of exactly its period, everything else with one that covers it.
    Of several: the industry's, then best practice, then a competitor's; the one that began last.
#}
with periods as (

    select distinct
        kpi_values.kpi_id,
        kpi_values.grain,
        kpi_values.period_start,
        catalogue.accumulates,
        {{ add_days(next_period_start('kpi_values.grain', 'kpi_values.period_start'), -1) }} as period_end
    from {{ ref('int_kpi_values__with_parts') }} as kpi_values
    inner join {{ ref('int_kpi_catalogue__declared') }} as catalogue on kpi_values.kpi_id = catalogue.kpi_id
    where kpi_values.kpi_id in (select benchmark.kpi_id from {{ ref('fct_benchmarks') }} as benchmark)

),

ranked as (

    select
        periods.kpi_id,
        periods.grain,
        periods.period_start,
        periods.accumulates,
        benchmark.dimension,
        benchmark.member,
        benchmark.benchmark_kind,
        benchmark.benchmark_value,
        row_number() over (
            partition by periods.kpi_id, periods.grain, periods.period_start, benchmark.dimension, benchmark.member
            order by
                case benchmark.benchmark_kind when 'industry' then 1 when 'best_practice' then 2 else 3 end asc,
                benchmark.period_start desc,
                benchmark.benchmark_value asc
        ) as place
    from periods
    inner join {{ ref('fct_benchmarks') }} as benchmark
        on
            periods.kpi_id = benchmark.kpi_id
            and periods.period_start >= benchmark.period_start
            and periods.period_start <= benchmark.period_end
    where
        not periods.accumulates
        or (periods.period_start = benchmark.period_start and periods.period_end = benchmark.period_end)

)

select
    kpi_id,
    grain,
    period_start,
    dimension,
    member,
    accumulates,
    benchmark_kind,
    benchmark_value
from ranked
where place = 1
