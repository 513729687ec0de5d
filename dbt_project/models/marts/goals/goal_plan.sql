-- Grain: one row per goal, version, split, period (month, quarter, year up to the goal's own) and cell.
-- Targets of one goal, version, split and grain add up to the goal to the cent; splits and grains repeat each other.
with

smallest as (
    select * from {{ ref('int_goals__monthly_plan') }}
),

-- a goal of a region is split by product line only, one of a product line by region only
splits as (
    select
        smallest.*,
        case
            when smallest.split <> 'region x product_line' then smallest.split
            when goals.region is not null then 'product_line'
            when goals.product_line is not null then 'region'
            else smallest.split
        end as split_name
    from smallest
    inner join {{ ref('fct_goals') }} as goals
        on smallest.goal_key = goals.goal_key and smallest.goal_version = goals.goal_version
),

rolled as (
    select * from splits

    union all

    {% for name, lost in {'region': 'product_line', 'product_line': 'region'}.items() %}
        select
            goal_key,
            goal_version,
            is_current,
            kpi_id,
            goal_grain,
            split,
            month_start,
            {% for column in ['region', 'product_line'] %}
                {{ 'null' if column == lost else column }} as {{ column }},
            {% endfor %}
            channel,
            team,
            employee_id,
            customer_group,
            target,
            '{{ name }}' as split_name
        from splits
        where split_name = 'region x product_line'
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    {% for grain in ['month', 'quarter', 'year'] %}
        select
            goal_key,
            {{ integer('goal_version') }} as goal_version,
            is_current,
            kpi_id,
            split_name as split,
            '{{ grain }}' as grain,
            {{ kpi_period_start(grain, 'month_start') }} as period_start,
            region,
            product_line,
            channel,
            team,
            employee_id,
            customer_group,
            cast(sum(target) as decimal(18, 2)) as target
        from rolled
        {% if grain != 'month' %}
            where goal_grain in ({{ "'quarter', 'year'" if grain == 'quarter' else "'year'" }})
        {% endif %}
        group by
            goal_key, goal_version, is_current, kpi_id, split_name, {{ kpi_period_start(grain, 'month_start') }},
            region, product_line, channel, team, employee_id, customer_group
        {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
