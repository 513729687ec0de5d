-- Grain: one row per contribution to another team. Points are additive.
with

contributions as (
    select * from {{ ref('stg_collaboration') }}
),

final as (
    select
        contributions.source_system || ':' || contributions.collaboration_id as collaboration_key,
        contributions.collaboration_id,
        contributions.source_system,
        contributions.contributed_date,
        coalesce(employee.employee_id, contributions.employee_id) as employee_id,
        coalesce(employee.team, '(none)') as team,
        coalesce(employee.region, '(none)') as region,
        contributions.for_team,
        contributions.collaboration_kind,
        contributions.opportunity_id,
        contributions.points as stated_points,
        coalesce(
            contributions.points,
            case contributions.collaboration_kind
                when 'response' then {{ var('collaboration_response_points') }}
                when 'resolution' then {{ var('collaboration_resolution_points') }}
                when 'shared_deal' then {{ var('collaboration_shared_deal_points') }}
            end
        ) as points,
        {{ lineage_columns('contributions') }}
    from contributions
    {{ employee_lookup('contributions.employee_id', 'contributions.contributed_date') }}
)

select * from final
