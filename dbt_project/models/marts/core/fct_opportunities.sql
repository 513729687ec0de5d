-- Grain: one row per opportunity at its latest state. Probabilities are not additive.
with

opportunities as (
    select * from {{ ref('int_opportunities__staged') }}
),

final as (
    select
        opportunity_key,
        opportunity_id,
        source_system,
        source_customer_key,
        lead_id,
        order_id,
        has_linked_order,
        region,
        channel,
        product_line,
        marketing_channel,
        employee_id,
        team,
        industry,
        stage,
        stage_order,
        probability,
        currency,
        exchange_rate,
        amount,
        reporting_amount,
        cost_amount,
        cost_reporting_amount,
        created_at,
        expected_close_date,
        closed_at,
        won_at,
        created_date,
        closed_date,
        won_date,
        is_closed,
        is_won,
        lost_from_stage,
        lost_reason,
        loss_reason,
        {{ lineage_columns('opportunities') }}
    from opportunities
)

select * from final
