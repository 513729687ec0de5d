-- An indicator of the economy or of a region.
-- One row per record that counts: of active deliveries, not superseded, not deleted.
with

records as (
    select * from {{ current_records('macro_indicator', key=['indicator', 'region', 'period_start']) }}
),

final as (
    select
        source_system,
        indicator,
        region,
        period_start,
        period_grain,
        indicator_value,
        unit,
        change_rate,
        source,
        _contract,
        _delivery_seq,
        _part,
        _record_number
    from records
)

select * from final
