{#
    Grain: one row per month in which the period begins, region and indicator. Values of different units do not compare.
    Where several systems state one figure they are averaged.
#}
select
    {{ period_start('month', 'indicator.period_start') }} as month_start,
    coalesce(nullif(trim(indicator.region), ''), '(all)') as region,
    indicator.indicator,
    max(coalesce(region_word.region, province.sales_region, '(all)')) as sales_region,
    max(indicator.period_grain) as period_grain,
    avg(indicator.indicator_value) as indicator_value,
    max(indicator.unit) as unit,
    avg(indicator.change_rate) as change_rate,
    max(indicator.source) as source
from {{ ref('stg_macro_indicator') }} as indicator
{{ region_word_lookup('indicator.region') }}
left join {{ ref('provinces') }} as province on indicator.region = province.province
group by 1, 2, 3
