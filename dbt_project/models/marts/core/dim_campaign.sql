-- Grain: one row per platform and campaign.
with

campaigns as (
    select * from {{ ref('int_campaigns__unified') }}
),

final as (
    select
        platform,
        campaign_id,
        campaign_name,
        marketing_channel,
        region,
        product_line,
        objective,
        owner_employee_id,
        start_date,
        end_date,
        is_declared
    from campaigns
)

select * from final
