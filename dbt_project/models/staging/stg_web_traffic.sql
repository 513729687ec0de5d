-- Visits of a site by source and day, from tools that export sums only; never added to sessions.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('web_traffic', key=['site', 'source_type', 'source', 'report_date']) }}
),

final as (
    select
        source_system,
        site,
        source_type,
        source,
        report_date,
        page_views,
        visits,
        visitors,
        new_visitors,
        ip_addresses,
        bounced_visits,
        visit_seconds,
        conversions,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
