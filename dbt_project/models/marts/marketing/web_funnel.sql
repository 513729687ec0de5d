{#
    Grain: one row per day, marketing channel, device and landing page. Sessions, downloads and seconds add up; visitors
    do not, and rates are sum over sum.
#}
with sessions as (

    select
        started_date as visit_date,
        marketing_channel,
        device,
        {{ member('landing_page') }} as landing_page,
        {{ integer('count(*)') }} as session_count,
        {{ integer('count(distinct visitor_token)') }} as visitor_count,
        {{ integer('sum(case when event_count <= 1 then 1 else 0 end)') }} as bounced_sessions,
        {{ integer('sum(case when has_cart then 1 else 0 end)') }} as cart_sessions,
        {{ integer('sum(case when has_checkout then 1 else 0 end)') }} as checkout_sessions,
        {{ integer('sum(case when has_payment then 1 else 0 end)') }} as paid_sessions,
        {{ integer('sum(case when has_cart and not has_payment then 1 else 0 end)') }} as abandoned_cart_sessions,
        {{ integer('sum(case when has_form then 1 else 0 end)') }} as form_sessions,
        {{ integer('sum(coalesce(page_view_count, 0))') }} as page_view_count,
        {{ integer('sum(coalesce(download_count, 0))') }} as download_count,
        cast(sum(cast(coalesce(engaged_seconds, 0) as decimal(18, 3))) as double) as engaged_seconds
    from {{ ref('fct_sessions') }}
    where started_date is not null
    group by 1, 2, 3, 4

)

select
    visit_date,
    marketing_channel,
    device,
    landing_page,
    session_count,
    visitor_count,
    bounced_sessions,
    cart_sessions,
    checkout_sessions,
    paid_sessions,
    abandoned_cart_sessions,
    form_sessions,
    page_view_count,
    download_count,
    engaged_seconds,
    cast(cart_sessions as double) / nullif(session_count, 0) as add_to_cart_rate,
    cast(paid_sessions as double) / nullif(checkout_sessions, 0) as checkout_completion_rate,
    cast(paid_sessions as double) / nullif(session_count, 0) as visit_conversion_rate
from sessions
