{#
    Grain: as kpi_values. Numerator and denominator are there for ratios of states and windows too: parts of one period,
    never added over periods. Days and weeks only as far back as comparisons look.
#}
{{ config(materialized='view') }}
with every_row as (

    {{ kpi_values_with_parts(ref('kpi_values')) }}

)

select
    kpi_id,
    grain,
    period_start,
    dimension,
    member,
    value,
    numerator,
    denominator,
    unit
from every_row
where
    grain not in ('day', 'week')
    or period_start >= {{ add_days(as_of_date(), -(var('kpi_comparison_days') | int) - 371) }}
