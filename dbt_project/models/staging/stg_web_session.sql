-- A web or app session.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('web_session', key=['session_id']) }}
),

final as (
    select
        source_system,
        session_id,
        visitor_token,
        source_customer_key,
        customer_system,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host,
        landing_page,
        device,
        country_code,
        province,
        event_count,
        page_view_count,
        engaged_seconds,
        download_count,
        has_cart,
        has_checkout,
        has_payment,
        has_form,
        order_id,
        started_at,
        ended_at,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
