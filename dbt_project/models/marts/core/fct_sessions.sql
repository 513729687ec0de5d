-- Grain: one row per web or app session.
with

sessions as (
    select * from {{ ref('int_sessions__identified') }}
),

final as (
    select
        session_id,
        source_system,
        customer_system,
        source_customer_key,
        is_logged_in,
        visitor_token,
        marketing_channel,
        social_platform,
        platform,
        campaign_id,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host,
        landing_page,
        device,
        region,
        event_count,
        page_view_count,
        download_count,
        engaged_seconds,
        has_cart,
        has_checkout,
        has_payment,
        has_form,
        order_id,
        started_at,
        ended_at,
        started_date,
        {{ lineage_columns('sessions') }}
    from sessions
)

select * from final
