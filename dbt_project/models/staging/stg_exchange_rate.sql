-- Rate of a currency on a day.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('exchange_rate', key=['base_currency', 'quote_currency', 'rate_date']) }}
),

final as (
    select
        source_system,
        base_currency,
        quote_currency,
        rate_date,
        rate,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
