-- Grain: one row per booked expense (a reversal is a row of its own, negative). Amounts are additive over days,
-- categories, regions and channels. Spend that ad platforms report is not here (fct_ad_performance).
with

expenses as (
    select
        expense.*,
        coalesce(channel_word.channel, lower(nullif(trim(expense.marketing_channel), '')), '(none)') as channel,
        coalesce(region_word.region, nullif(trim(expense.region), ''), '(none)') as sales_region
    from {{ ref('stg_expense') }} as expense
    {{ channel_word_lookup('expense.marketing_channel') }}
    {{ region_word_lookup('expense.region') }}
),

final as (
    select
        expenses.source_system || ':' || expenses.expense_id as expense_key,
        expenses.expense_id,
        expenses.source_system,
        expenses.expense_date,
        coalesce(nullif(trim(expenses.category), ''), 'other') as category,
        expenses.sales_region as region,
        expenses.channel as marketing_channel,
        expenses.campaign_id,
        expenses.team,
        expenses.employee_id,
        expenses.store_id,
        expenses.purpose,
        expenses.amount,
        expenses.currency,
        {{ at_rate('expenses.amount', exchange_rate('expenses.currency')) }} as reporting_amount,
        {{ lineage_columns('expenses') }}
    from expenses
    {{ exchange_rate_lookup('expenses.currency', 'expenses.expense_date') }}
)

select * from final
