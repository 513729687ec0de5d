{#
    Grain: one row per KPI and version. The current version is what the declarations under models/semantic say today;
    its number and date, and all earlier versions, are those that runs of this home have recorded.
#}
with

declared as (
    select * from {{ ref('int_kpi_catalogue__declared') }}
),

recorded as (
    select
        *,
        max(version) over (partition by kpi_id) as latest_version,
        lead(valid_from) over (partition by kpi_id order by version) as next_valid_from
    from {{ ref('stg_kpi_version') }}
),

final as (
    select
        declared.kpi_id,
        coalesce(recorded.version, declared.version) as version,
        declared.name,
        declared.name_zh,
        declared.domain,
        declared.unit,
        declared.direction,
        declared.definition,
        recorded.formula,
        declared.grains,
        declared.dimensions,
        declared.time_basis,
        declared.time_window,
        declared.accumulates,
        declared.owner,
        declared.green_threshold,
        declared.yellow_threshold,
        declared.reference,
        recorded.settings,
        coalesce(recorded.valid_from, declared.valid_from) as valid_from,
        cast(null as date) as valid_to,
        true as is_current
    from declared
    left join recorded on declared.kpi_id = recorded.kpi_id and recorded.version = recorded.latest_version

    union all

    select
        recorded.kpi_id,
        recorded.version,
        recorded.name,
        recorded.name_zh,
        recorded.domain,
        recorded.unit,
        recorded.direction,
        recorded.definition,
        recorded.formula,
        recorded.grains,
        recorded.dimensions,
        recorded.time_basis,
        recorded.time_window,
        recorded.accumulates,
        recorded.owner,
        recorded.green_threshold,
        recorded.yellow_threshold,
        recorded.reference,
        recorded.settings,
        recorded.valid_from,
        {{ add_days('recorded.next_valid_from', -1) }} as valid_to,
        false as is_current
    from recorded
    left join declared on recorded.kpi_id = declared.kpi_id
    where recorded.version < recorded.latest_version or declared.kpi_id is null
)

select * from final
