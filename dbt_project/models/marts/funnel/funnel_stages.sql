{#
    Grain: one row per cohort month (in which the stage was entered), stage, region, marketing channel and employee.
    Counts and dwell_days_total are additive within a stage; median_dwell_days is not.
#}
select
    {{ period_start('month', 'entered_date') }} as cohort_month,
    stage,
    stage_order,
    region,
    marketing_channel,
    {{ member('employee_id') }} as employee_id,
    {{ integer('count(*)') }} as entered_count,
    {{ integer('sum(case when is_passed then 1 else 0 end)') }} as passed_count,
    {{ integer('sum(case when is_lost then 1 else 0 end)') }} as lost_count,
    {{ integer('count(dwell_days)') }} as left_count,
    cast(sum(cast(dwell_days as decimal(18, 6))) as double) as dwell_days_total,
    median(dwell_days) as median_dwell_days
from {{ ref('stage_entries') }}
group by 1, 2, 3, 4, 5, 6
