{#
    Grain: as kpi_values, and for months, quarters and years also the members that are there in the period before or a
    year before only: values and parts of the three periods, of the member and of the whole.
#}
{{ config(materialized='view') }}
with kpi_values as (

    select * from {{ ref('int_kpi_values__with_parts') }}

),

-- a member that is gone has its part in the change: it stands in the period that came after its last one
long_periods as (

    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member
    from kpi_values
    where grain in ('month', 'quarter', 'year') and dimension <> 'total'

),

gone as (

    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member
    from (
        select
            kpi_id,
            grain,
            {{ next_period_start('grain', 'period_start') }} as period_start,
            dimension,
            member
        from long_periods
        union
        select
            kpi_id,
            grain,
            {{ next_year_period_start('grain', 'period_start') }} as period_start,
            dimension,
            member
        from long_periods
    ) as later
    where period_start <= {{ as_of_date() }}
    except
    select * from long_periods

),

members as (

    select
        kpi_id,
        grain,
        period_start,
        dimension,
        member,
        value,
        numerator,
        denominator
    from kpi_values
    union all
    select
        gone.kpi_id,
        gone.grain,
        gone.period_start,
        gone.dimension,
        gone.member,
        case when catalogue.accumulates then 0 end as value,
        cast(null as double) as numerator,
        cast(null as double) as denominator
    from gone
    inner join {{ ref('int_kpi_catalogue__declared') }} as catalogue on gone.kpi_id = catalogue.kpi_id

)

select
    members.kpi_id,
    members.grain,
    members.period_start,
    members.dimension,
    members.member,
    members.value,
    members.numerator,
    members.denominator,
    span.unit,
    span.is_complete,
    span.accumulates,
    span.previous_period_start,
    span.last_year_period_start,
    {{ kpi_earlier_value('previous', 'span', 'span') }} as previous_value,
    previous.numerator as previous_numerator,
    previous.denominator as previous_denominator,
    {{ kpi_earlier_value('last_year', 'span', 'span') }} as last_year_value,
    last_year.numerator as last_year_numerator,
    last_year.denominator as last_year_denominator,
    span.whole_value,
    span.whole_denominator,
    span.previous_whole_value,
    span.previous_whole_denominator,
    span.last_year_whole_value,
    span.last_year_whole_denominator,
    kinds.contribution_kind
from members
inner join {{ ref('int_kpi_wholes__compared') }} as span
    on
        members.kpi_id = span.kpi_id
        and members.grain = span.grain
        and members.period_start = span.period_start
left join {{ ref('int_kpi_contributions__kinds') }} as kinds
    on members.kpi_id = kinds.kpi_id and members.dimension = kinds.dimension
left join kpi_values as previous
    on
        span.previous_period_start = previous.period_start
        and members.kpi_id = previous.kpi_id
        and members.grain = previous.grain
        and members.dimension = previous.dimension
        and members.member = previous.member
left join kpi_values as last_year
    on
        span.last_year_period_start = last_year.period_start
        and members.kpi_id = last_year.kpi_id
        and members.grain = last_year.grain
        and members.dimension = last_year.dimension
        and members.member = last_year.member
