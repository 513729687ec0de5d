{#
    Grain: one row per goal and version of a KPI that grows over its period, split and month, down to the smallest cells:
    the goal's own cell (whole), money of a goal without seller by region and product line, a team's goal by seller.
    The rows of one goal, version and split sum to the target to the cent; splits of one goal say the same money again.
#}
with months as (

    select
        shares.goal_key,
        shares.goal_version,
        shares.month_start,
        shares.month_share,
        goals.is_current,
        goals.kpi_id,
        goals.grain as goal_grain,
        goals.period_start as goal_start,
        goals.region,
        goals.product_line,
        goals.channel,
        goals.team,
        goals.employee_id,
        goals.customer_group,
        goals.target_value,
        catalogue.unit,
        catalogue.dimensions,
        sum(shares.month_share)
            over (partition by shares.goal_key, shares.goal_version order by shares.month_start) as running_share
    from {{ ref('int_goals__month_shares') }} as shares
    inner join {{ ref('fct_goals') }} as goals
        on shares.goal_key = goals.goal_key and shares.goal_version = goals.goal_version
    inner join {{ ref('int_kpi_catalogue__declared') }} as catalogue on goals.kpi_id = catalogue.kpi_id

),

planned as (

    select
        *,
        {{ spread('target_value', 'running_share', 'month_share', 1, 2) }} as month_target
    from months

),

cells as (

    select
        planned.goal_key,
        planned.goal_version,
        planned.month_start,
        weights.region,
        weights.product_line,
        planned.month_target,
        weights.cell_share,
        sum(weights.cell_share)
            over (
                partition by planned.goal_key, planned.goal_version, planned.month_start
                order by weights.region, weights.product_line
            ) as running_cell_share,
        sum(weights.cell_share)
            over (partition by planned.goal_key, planned.goal_version, planned.month_start) as all_cell_share
    from planned
    inner join {{ ref('int_goals__cell_weights') }} as weights
        on
            {{ kpi_period_start('year', 'planned.goal_start') }} = weights.year_start
            and coalesce(planned.region, weights.region) = weights.region
            and coalesce(planned.product_line, weights.product_line) = weights.product_line
    where
        planned.unit = 'money'
        and coalesce(planned.team, planned.employee_id, planned.customer_group) is null
        and (planned.region is null or planned.product_line is null)
        and concat(', ', planned.dimensions, ', ') like '%, region, %'
        and concat(', ', planned.dimensions, ', ') like '%, product_line, %'

),

sellers as (

    select
        planned.goal_key,
        planned.goal_version,
        planned.month_start,
        planned.month_target,
        weights.employee_id,
        weights.employee_share,
        sum(weights.employee_share)
            over (
                partition by planned.goal_key, planned.goal_version, planned.month_start order by weights.employee_id
            ) as running_share
    from planned
    inner join {{ ref('int_goals__seller_weights') }} as weights
        on planned.goal_start = weights.period_start and planned.team = weights.team
    where
        planned.employee_id is null
        and concat(', ', planned.dimensions, ', ') like '%, employee, %'

),

parts as (

    select
        goal_key,
        goal_version,
        'whole' as split,
        month_start,
        cast(null as string) as part_region,
        cast(null as string) as part_product_line,
        cast(null as string) as part_employee_id,
        month_target as target
    from planned

    union all

    select
        goal_key,
        goal_version,
        'region x product_line' as split,
        month_start,
        region as part_region,
        product_line as part_product_line,
        null as part_employee_id,
        {{ spread('month_target', 'running_cell_share', 'cell_share', 'all_cell_share', 2) }} as target
    from cells

    union all

    select
        goal_key,
        goal_version,
        'employee' as split,
        month_start,
        null as part_region,
        null as part_product_line,
        employee_id as part_employee_id,
        {{ spread('month_target', 'running_share', 'employee_share', 1, 2) }} as target
    from sellers

)

select
    parts.goal_key,
    parts.goal_version,
    planned.is_current,
    planned.kpi_id,
    planned.goal_grain,
    parts.split,
    parts.month_start,
    coalesce(parts.part_region, planned.region) as region,
    coalesce(parts.part_product_line, planned.product_line) as product_line,
    planned.channel,
    planned.team,
    coalesce(parts.part_employee_id, planned.employee_id) as employee_id,
    planned.customer_group,
    cast(parts.target as decimal(18, 2)) as target
from parts
inner join planned
    on
        parts.goal_key = planned.goal_key
        and parts.goal_version = planned.goal_version
        and parts.month_start = planned.month_start
