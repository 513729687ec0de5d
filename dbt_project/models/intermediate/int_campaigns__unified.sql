-- One row per platform and campaign: declared in a campaign list, or only mentioned by advertising reports.
with

declared as (
    select
        campaign.*,
        row_number() over (
            partition by campaign.platform, campaign.campaign_id order by campaign.source_system
        ) as place
    from {{ ref('stg_campaign') }} as campaign
    where campaign.campaign_id is not null
),

reported as (
    select
        platform,
        campaign_id,
        max(campaign_name) as campaign_name,
        min(report_date) as first_report_date
    from {{ ref('stg_ad_performance') }}
    where campaign_id <> ''
    group by platform, campaign_id
),

joined as (
    select
        coalesce(declared.platform, reported.platform) as platform,
        coalesce(declared.campaign_id, reported.campaign_id) as campaign_id,
        coalesce(declared.campaign_name, reported.campaign_name) as campaign_name,
        declared.marketing_channel as stated_channel,
        declared.region as stated_region,
        declared.product_line,
        declared.objective,
        declared.owner_employee_id,
        coalesce(declared.start_date, reported.first_report_date) as start_date,
        declared.end_date,
        declared.campaign_id is not null as is_declared
    from (
        select *
        from declared
        where place = 1
    ) as declared
    full outer join reported
        on
            declared.platform = reported.platform
            and declared.campaign_id = reported.campaign_id
),

final as (
    select
        joined.platform,
        joined.campaign_id,
        joined.campaign_name,
        coalesce(
            channel_word.channel,
            lower(nullif(trim(joined.stated_channel), '')),
            mapped_channel.marketing_channel,
            '(none)'
        ) as marketing_channel,
        coalesce(region_word.region, nullif(trim(joined.stated_region), ''), '(none)') as region,
        coalesce(nullif(trim(joined.product_line), ''), '(none)') as product_line,
        joined.objective,
        joined.owner_employee_id,
        joined.start_date,
        joined.end_date,
        joined.is_declared
    from joined
    {{ channel_word_lookup('joined.stated_channel') }}
    {{ region_word_lookup('joined.stated_region') }}
    {{ marketing_channel_lookup('joined.platform', word_kind='ad_platform') }}
)

select * from final
