-- Grain: one row per platform, campaign and day of the statement. People reached are distinct within a row only:
-- several days or campaigns may count the same person, so a sum is no number of people. Rates are sum over sum.
with

reach as (
    select * from {{ ref('stg_audience_reach') }}
),

ranked as (
    select
        reach.*,
        -- a list that people keep and a platform's report may state the same day: who knows the audience comes first
        row_number() over (
            partition by reach.platform, reach.campaign_id, reach.report_date
            order by case when reach.audience_size is null then 1 else 0 end, reach.source_system
        ) as place
    from reach
),

final as (
    select
        ranked.source_system,
        ranked.platform,
        ranked.campaign_id,
        ranked.report_date,
        coalesce(campaign.marketing_channel, '(none)') as marketing_channel,
        coalesce(campaign.region, '(none)') as region,
        {{ integer('ranked.audience_size') }} as audience_size,
        {{ integer('ranked.reached_people') }} as reached_people,
        {{ lineage_columns('ranked') }}
    from ranked
    left join {{ ref('int_campaigns__unified') }} as campaign
        on
            ranked.platform = campaign.platform
            and ranked.campaign_id = campaign.campaign_id
    where ranked.place = 1
)

select * from final
