-- Grain: one row per budget line and day.
with

budgets as (
    select * from {{ ref('int_budgets__daily') }}
),

final as (
    select
        budget_key,
        budget_date,
        source_system,
        marketing_channel,
        campaign_id,
        region,
        period_start,
        period_end,
        currency,
        planned_amount,
        planned_reporting_amount,
        reserve_amount,
        reserve_reporting_amount,
        {{ lineage_columns('budgets') }}
    from budgets
)

select * from final
