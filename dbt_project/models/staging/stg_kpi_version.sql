-- What each KPI meant since when; a changed definition, threshold, window or setting is a new version.
-- As the runs of this home recorded it.
with

records as (
    select * from {{ lake('kpi_version') }}
),

final as (
    select
        kpi_id,
        version,
        valid_from,
        name,
        name_zh,
        domain,
        unit,
        direction,
        definition,
        formula,
        grains,
        dimensions,
        time_basis,
        time_window,
        accumulates,
        owner,
        green_threshold,
        yellow_threshold,
        reference,
        settings
    from records
)

select * from final
