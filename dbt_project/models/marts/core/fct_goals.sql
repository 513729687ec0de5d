-- Grain: one row per goal and version. A null member of the cell stands for all; targets of one KPI add up only within
-- one kind of cell.
with

goals as (
    select
        goal.*,
        coalesce(goal.goal_version, 1) as version_number,
        coalesce(region_word.region, nullif(trim(goal.region), '')) as sales_region,
        coalesce(channel_word.channel, lower(nullif(trim(goal.channel), ''))) as sales_channel
    from {{ ref('stg_goal') }} as goal
    {{ region_word_lookup('goal.region') }}
    {{ channel_word_lookup('goal.channel') }}
),

keyed as (
    select
        goals.*,
        kpi_id
        || ':'
        || grain
        || ':'
        || cast(period_start as string)
        || ':'
        || coalesce(sales_region, '')
        || ':'
        || coalesce(product_line, '')
        || ':'
        || coalesce(sales_channel, '')
        || ':'
        || coalesce(team, '')
        || ':'
        || coalesce(employee_id, '')
        || ':'
        || coalesce(customer_group, '') as goal_key
    from goals
),

final as (
    select
        goal_key,
        {{ integer('version_number') }} as goal_version,
        version_number = max(version_number) over (partition by goal_key) as is_current,
        kpi_id,
        grain,
        period_start,
        sales_region as region,
        product_line,
        sales_channel as channel,
        team,
        employee_id,
        customer_group,
        target_value,
        owner_employee_id,
        definition,
        calibrated_date,
        source_system,
        {{ lineage_columns('keyed') }}
    from keyed
)

select * from final
