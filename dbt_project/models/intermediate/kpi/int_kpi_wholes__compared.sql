{#
    Grain: one row per KPI, grain and period that any member has: the whole of the period, of the one before and of the
    same one a year before. Columns of the whole are null for KPIs that have no total.
#}
with kpi_values as (

    select * from {{ ref('int_kpi_values__with_parts') }}

),

whole as (

    select * from kpi_values
    where dimension = 'total'

),

first_periods as (

    select
        kpi_id,
        grain,
        min(period_start) as first_period_start
    from {{ ref('kpi_values') }}
    group by kpi_id, grain

),

periods as (

    select distinct
        kpi_id,
        grain,
        period_start,
        {{ previous_period_start('grain', 'period_start') }} as previous_period_start,
        {{ last_year_period_start('grain', 'period_start') }} as last_year_period_start,
        {{ add_days(next_period_start('grain', 'period_start'), -1) }} <= {{ as_of_date() }} as is_complete
    from kpi_values
    where
        grain not in ('day', 'week')
        or period_start >= {{ add_days(as_of_date(), -(var('kpi_comparison_days') | int)) }}

)

select
    span.kpi_id,
    span.grain,
    span.period_start,
    span.previous_period_start,
    span.last_year_period_start,
    span.is_complete,
    kpi.accumulates,
    kpi.unit,
    first_periods.first_period_start,
    whole.value as whole_value,
    whole.numerator as whole_numerator,
    whole.denominator as whole_denominator,
    {{ kpi_earlier_value('previous') }} as previous_whole_value,
    previous.denominator as previous_whole_denominator,
    {{ kpi_earlier_value('last_year') }} as last_year_whole_value,
    last_year.denominator as last_year_whole_denominator
from periods as span
inner join first_periods on span.kpi_id = first_periods.kpi_id and span.grain = first_periods.grain
inner join {{ ref('int_kpi_catalogue__declared') }} as kpi on span.kpi_id = kpi.kpi_id
left join whole
    on span.kpi_id = whole.kpi_id and span.grain = whole.grain and span.period_start = whole.period_start
left join whole as previous
    on
        span.kpi_id = previous.kpi_id
        and span.grain = previous.grain
        and span.previous_period_start = previous.period_start
left join whole as last_year
    on
        span.kpi_id = last_year.kpi_id
        and span.grain = last_year.grain
        and span.last_year_period_start = last_year.period_start
