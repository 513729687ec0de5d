{#
    Grain: one row per campaign and hour for which its platform reports spend (reporting time zone). Spend and revenue are
    additive; marginal returns are not. Revenue is credited by the default model to the hour of the conversion, before
    refunds. Money in the reporting currency.
#}
with spend as (

    select
        report.platform,
        report.campaign_id,
        {{ add_hours('cast(report.report_date as timestamp)', 'report.report_hour') }} as hour_start,
        sum({{ at_rate('report.spend', exchange_rate('report.currency')) }}) as spend
    from {{ ref('stg_ad_performance') }} as report
    {{ exchange_rate_lookup('report.currency', 'report.report_date') }}
    where report.level = 'hour' and report.report_hour is not null and report.campaign_id <> ''
    group by 1, 2, 3

),

revenue as (

    select
        credit.platform,
        credit.campaign_id,
        {{ add_hours(
            'cast(' ~ reporting_date('conversion.converted_at') ~ ' as timestamp)',
            'floor(' ~ hour_of_day('conversion.converted_at') ~ ')'
        ) }} as hour_start,
        sum(credit.revenue) as revenue
    from {{ ref('attribution_credits') }} as credit
    inner join {{ ref('int_conversions__valued') }} as conversion
        on
            credit.conversion_kind = conversion.conversion_kind
            and credit.conversion_key = conversion.conversion_key
    where credit.attribution_model = '{{ var("attribution_default_model") }}' and credit.campaign_id <> '(none)'
    group by 1, 2, 3

),

hours as (

    select
        spend.hour_start,
        spend.platform,
        spend.campaign_id,
        {{ money('coalesce(spend.spend, 0)') }} as spend,
        {{ money('coalesce(revenue.revenue, 0)') }} as attributed_revenue
    from spend
    left join revenue
        on
            spend.platform = revenue.platform
            and spend.campaign_id = revenue.campaign_id
            and spend.hour_start = revenue.hour_start

),

changes as (

    -- only where the hour before was reported too
    select
        this_hour.*,
        this_hour.spend - before.spend as spend_change,
        this_hour.attributed_revenue - before.attributed_revenue as revenue_change
    from hours as this_hour
    left join hours as before
        on
            this_hour.platform = before.platform
            and this_hour.campaign_id = before.campaign_id
            and this_hour.hour_start = {{ add_hours('before.hour_start', 1) }}

)

select
    hour_start,
    cast(hour_start as date) as hour_date,
    platform,
    campaign_id,
    spend,
    attributed_revenue,
    {{ money('spend_change') }} as spend_change,
    {{ money('revenue_change') }} as revenue_change,
    cast(revenue_change as double) / nullif(cast(spend_change as double), 0) as marginal_return
from changes
