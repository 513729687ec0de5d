-- Grain: one row per goal, version and check that applies to it. outcome: passed, warned or refused (a refused goal has
-- no plan and no attainment), not judged where there is nothing to compare with. Nothing is additive.
with

goals as (
    select
        goal.*,
        {{ kpi_period_start('year', 'goal.period_start') }} as year_start,
        {{ next_period_start('goal.grain', 'goal.period_start') }} as next_period_start,
        {{ goal_cell_dimension() }} as dimension,
        coalesce(nullif(concat_ws(' x ', {{ goal_cell_columns().values() | join(', ') }}), ''), 'all') as member
    from {{ ref('fct_goals') }} as goal
),

known as (
    select
        goals.*,
        catalogue.kpi_id is not null as is_known,
        catalogue.accumulates,
        catalogue.unit,
        catalogue.direction
    from goals
    left join {{ ref('int_kpi_catalogue__declared') }} as catalogue on goals.kpi_id = catalogue.kpi_id
),

complete as (
    select
        goal_key,
        goal_version,
        'completeness' as check_name,
        target_value as stated,
        cast(null as double) as limit_value,
        case
            when target_value is null then 'the goal has no number'
            when not is_known then 'no KPI of the catalogue has this id'
            when period_start is null or next_period_start is null then 'the goal has no period'
            when owner_employee_id is null then 'the goal has no owner'
        end as refusal,
        cast(null as string) as warning
    from known
),

-- a KPI's first month: what began before it was not recorded in full
recorded as (
    select
        kpi_id,
        min(period_start) as first_month
    from {{ ref('kpi_values') }}
    where grain = 'month' and dimension = 'total' and value is not null
    group by kpi_id
),

-- the years before, of the same cell
history as (
    select
        known.goal_key,
        known.goal_version,
        max(past.value) as best,
        count(past.value) as past_count
    from known
    inner join {{ ref('kpi_values') }} as past
        on
            known.kpi_id = past.kpi_id
            and known.grain = past.grain
            and known.dimension = past.dimension
            and known.member = past.member
            and known.period_start > past.period_start
            and {{ add_months('known.period_start', -12 * (var('goal_history_years') | int)) }} <= past.period_start
    inner join recorded on known.kpi_id = recorded.kpi_id and past.period_start >= recorded.first_month
    where known.accumulates and known.direction = 'up' and known.grain = 'year'
    group by known.goal_key, known.goal_version
),

against_history as (
    select
        known.goal_key,
        known.goal_version,
        'history' as check_name,
        known.target_value as stated,
        history.best * (1 + {{ var('goal_growth_warning') }}) as limit_value,
        cast(null as string) as refusal,
        case
            when known.target_value > history.best * (1 + {{ var('goal_growth_warning') }})
                then 'the goal grows beyond the best of the past years and the growth that is usual'
        end as warning
    from known
    left join history on known.goal_key = history.goal_key and known.goal_version = history.goal_version
    where
        known.accumulates
        and known.direction = 'up'
        and known.grain = 'year'
        and not known.dimension like '% x %'
),

-- a year's market: its quarters as observed; a running year by the four quarters up to the last one observed
markets as (
    select
        known.goal_key,
        known.goal_version,
        sum(market.observed_value) as market_size
    from known
    inner join {{ ref('stg_market_observation') }} as market
        on
            case when known.product_line is null then 'market_size' else 'segment_size' end = market.measure
            and coalesce(known.product_line, '') = coalesce(market.product_line, '')
            and coalesce(known.region, '') = coalesce(market.region, '')
            and known.period_start > market.period_end
            and {{ add_months('known.period_start', -12) }} <= market.period_start
    where
        known.kpi_id = 'revenue'
        and known.dimension in ('total', 'region', 'product_line', 'region x product_line')
    group by known.goal_key, known.goal_version
),

against_market as (
    select
        known.goal_key,
        known.goal_version,
        'market' as check_name,
        known.target_value as stated,
        markets.market_size * {{ var('goal_market_share_limit') }} as limit_value,
        case
            when known.target_value > markets.market_size * {{ var('goal_market_share_limit') }}
                then 'the goal is more than the market'
        end as refusal,
        cast(null as string) as warning
    from known
    left join markets on known.goal_key = markets.goal_key and known.goal_version = markets.goal_version
    where
        known.kpi_id = 'revenue'
        and known.grain = 'year'
        and known.dimension in ('total', 'region', 'product_line', 'region x product_line')
),

capacity as (
    select * from {{ ref('int_goals__capacity') }}
),

-- a team has nothing but its sellers; a region or the whole also sells where no seller is, so it is warned
against_capacity as (
    select
        judged.goal_key,
        judged.goal_version,
        'capacity' as check_name,
        judged.target_value as stated,
        judged.limit_value,
        case when judged.dimension = 'team' and judged.target_value > judged.limit_value then judged.reason end
            as refusal,
        case when judged.dimension <> 'team' and judged.target_value > judged.limit_value then judged.reason end
            as warning
    from (
        select
            known.goal_key,
            known.goal_version,
            known.dimension,
            known.target_value,
            capacity.best_revenue_per_seller * (1 + {{ var('goal_capacity_headroom') }}) * capacity.seller_count
                as limit_value,
            'the goal is more than its sellers can bring: revenue per seller x sellers' as reason
        from known
        left join capacity on known.goal_key = capacity.goal_key
        where known.kpi_id = 'revenue' and known.grain = 'year' and known.dimension in ('total', 'region', 'team')
    ) as judged
),

-- goals of the persons of a team against the team's own
team_parts as (
    select
        whole.goal_key,
        whole.goal_version,
        sum(part.target_value) as parts
    from known as whole
    inner join known as part
        on
            whole.kpi_id = part.kpi_id
            and whole.grain = part.grain
            and whole.period_start = part.period_start
            and whole.team = part.team
            and part.employee_id is not null
            and part.is_current
    where whole.dimension = 'team' and whole.accumulates
    group by whole.goal_key, whole.goal_version
),

against_parts as (
    select
        known.goal_key,
        known.goal_version,
        'parts' as check_name,
        team_parts.parts as stated,
        known.target_value as limit_value,
        cast(null as string) as refusal,
        case
            when abs(team_parts.parts - known.target_value) > 0.005
                then 'the goals of the persons do not sum to the goal of their team'
        end as warning
    from known
    inner join team_parts on known.goal_key = team_parts.goal_key and known.goal_version = team_parts.goal_version
),

checked as (
    select * from complete
    union all
    select * from against_history
    union all
    select * from against_market
    union all
    select * from against_capacity
    union all
    select * from against_parts
),

final as (
    select
        checked.goal_key,
        {{ integer('checked.goal_version') }} as goal_version,
        goals.is_current,
        goals.kpi_id,
        goals.grain,
        goals.period_start,
        goals.dimension,
        goals.member,
        goals.owner_employee_id,
        checked.check_name,
        checked.stated,
        checked.limit_value,
        case
            when checked.refusal is not null then 'refused'
            when checked.warning is not null then 'warned'
            when checked.check_name <> 'completeness' and checked.limit_value is null then 'not judged'
            else 'passed'
        end as outcome,
        coalesce(checked.refusal, checked.warning) as reason,
        {{ lineage_columns('goals') }}
    from checked
    inner join goals on checked.goal_key = goals.goal_key and checked.goal_version = goals.goal_version
)

select * from final
