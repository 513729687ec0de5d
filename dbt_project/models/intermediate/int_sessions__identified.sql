-- Sessions with their marketing channel, campaign, place, and the customer: logged in, or known from other sessions of
-- the same visitor when these name one customer only. A view: fct_sessions alone reads it, row by row.
{{ config(materialized='view') }}
with

sessions as (
    select
        session.*,
        coalesce(session.customer_system, session.source_system) as key_system
    from {{ ref('stg_web_session') }} as session
),

-- read anew, not from above: what is referenced twice is materialised as a whole
known_visitors as (
    select
        source_system,
        visitor_token,
        min(coalesce(customer_system, source_system)) as customer_system,
        min(source_customer_key) as source_customer_key
    from {{ ref('stg_web_session') }}
    where visitor_token is not null and source_customer_key is not null
    group by source_system, visitor_token
    having
        min(source_customer_key) = max(source_customer_key)
        and min(coalesce(customer_system, source_system)) = max(coalesce(customer_system, source_system))
),

campaign_words as (
    select
        lower(campaign_id) as campaign_word,
        marketing_channel,
        platform,
        campaign_id
    from {{ ref('int_campaigns__unified') }}
    union
    select
        lower(campaign_name) as campaign_word,
        marketing_channel,
        platform,
        campaign_id
    from {{ ref('int_campaigns__unified') }}
    where campaign_name is not null
),

-- a word that names several campaigns names none, unless the marketing channel tells them apart
campaigns_by_channel as (
    select
        campaign_word,
        marketing_channel,
        min(platform) as platform,
        min(campaign_id) as campaign_id
    from campaign_words
    group by campaign_word, marketing_channel
    having min(platform || ':' || campaign_id) = max(platform || ':' || campaign_id)
),

campaigns_by_word as (
    select
        campaign_word,
        min(platform) as platform,
        min(campaign_id) as campaign_id
    from campaign_words
    group by campaign_word
    having min(platform || ':' || campaign_id) = max(platform || ':' || campaign_id)
),

final as (
    select
        sessions.session_id,
        sessions.source_system,
        case
            when sessions.source_customer_key is not null then sessions.key_system
            else known_visitors.customer_system
        end as customer_system,
        coalesce(sessions.source_customer_key, known_visitors.source_customer_key) as source_customer_key,
        sessions.source_customer_key is not null as is_logged_in,
        sessions.visitor_token,
        coalesce(words.marketing_channel, '(none)') as marketing_channel,
        words.social_platform,
        coalesce(by_channel.platform, by_word.platform) as platform,
        coalesce(by_channel.campaign_id, by_word.campaign_id) as campaign_id,
        sessions.utm_source,
        sessions.utm_medium,
        sessions.utm_campaign,
        sessions.referrer_host,
        sessions.landing_page,
        {{ member('sessions.device') }} as device,
        coalesce({{ place_region() }}, '(none)') as region,
        sessions.event_count,
        sessions.page_view_count,
        sessions.download_count,
        sessions.engaged_seconds,
        coalesce(sessions.has_cart, false) as has_cart,
        coalesce(sessions.has_checkout, false) as has_checkout,
        coalesce(sessions.has_payment, false) as has_payment,
        coalesce(sessions.has_form, false) as has_form,
        sessions.order_id,
        sessions.started_at,
        sessions.ended_at,
        {{ reporting_date('sessions.started_at') }} as started_date,
        {{ lineage_columns('sessions') }}
    from sessions
    left join known_visitors
        on
            sessions.source_system = known_visitors.source_system
            and sessions.visitor_token = known_visitors.visitor_token
    left join {{ ref('int_marketing_channels__mapped') }} as words
        on
            words.word_kind = 'utm'
            and {{ channel_word('sessions.utm_source') }} = words.source_word
            and {{ channel_word('sessions.utm_medium') }} = words.medium_word
            and {{ channel_word('sessions.referrer_host') }} = words.referrer_word
    left join campaigns_by_channel as by_channel
        on
            lower(sessions.utm_campaign) = by_channel.campaign_word
            and words.marketing_channel = by_channel.marketing_channel
    left join campaigns_by_word as by_word
        on lower(sessions.utm_campaign) = by_word.campaign_word
    {{ place_lookup('sessions.country_code', 'sessions.province') }}
)

select * from final
