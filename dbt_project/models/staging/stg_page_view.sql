-- A view of a page of the web site or the app.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('page_view', key=['view_id']) }}
),

final as (
    select
        source_system,
        view_id,
        session_id,
        visitor_token,
        source_customer_key,
        customer_system,
        page,
        page_title,
        next_page,
        is_exit,
        viewed_at,
        seconds,
        scroll_share,
        device,
        utm_source,
        utm_medium,
        utm_campaign,
        referrer_host,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
