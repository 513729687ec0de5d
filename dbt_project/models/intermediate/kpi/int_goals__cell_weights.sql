{#
    Grain: one row per fiscal year that goals are set for, region and product line: the share of a goal that the cell
    takes. The shares of a year sum to 1; those of a region to its weight. Within a region a line weighs by its revenue
    there and the life cycle stage of its products; star lines take no less than their least share.
#}
with lines as (

    select
        product_line,
        avg(
            case life_cycle_stage
                when 'introduction' then {{ var('goal_stage_weight_introduction') }}
                when 'growth' then {{ var('goal_stage_weight_growth') }}
                when 'maturity' then {{ var('goal_stage_weight_maturity') }}
                when 'decline' then {{ var('goal_stage_weight_decline') }}
                else 1.0
            end
        ) as stage_factor,
        avg(case when is_star then 1.0 else 0.0 end) >= 0.5 as is_star_line
    from {{ ref('dim_product') }}
    where product_line is not null
    group by 1

),

regions as (

    select
        *,
        weight / sum(weight) over (partition by year_start) as region_share
    from {{ ref('int_goals__region_weights') }}

),

cell_revenue as (

    select
        regions.year_start,
        regions.region,
        revenue.product_line,
        sum(
            case
                when revenue.month_start < regions.year_start
                    then cast(revenue.revenue_reporting_amount as double)
                else 0
            end
        ) as before,
        sum(
            case
                when revenue.month_start >= regions.year_start
                    then cast(revenue.revenue_reporting_amount as double)
                else 0
            end
        ) as since
    from regions
    inner join {{ ref('int_revenue__monthly') }} as revenue
        on
            regions.region = revenue.region
            and {{ add_months('regions.year_start', -12) }} <= revenue.month_start
            and {{ add_months('regions.year_start', 12) }} > revenue.month_start
    where revenue.product_line <> '(none)'
    group by 1, 2, 3

),

based as (

    select
        *,
        greatest(case when sum(before) over (partition by year_start) > 0 then before else since end, 0) as base
    from cell_revenue

),

weighed as (

    select
        based.year_start,
        based.region,
        based.product_line,
        coalesce(lines.is_star_line, false) as is_star_line,
        based.base * coalesce(lines.stage_factor, 1.0) as weight
    from based
    left join lines on based.product_line = lines.product_line

),

shared as (

    select
        *,
        weight / nullif(sum(weight) over (partition by year_start, region), 0) as line_share,
        sum(case when is_star_line then weight else 0 end) over (partition by year_start, region)
        / nullif(sum(weight) over (partition by year_start, region), 0) as star_share
    from weighed

),

lifted as (

    select
        *,
        case
            when star_share <= 0 or star_share >= {{ var('goal_star_line_share') }} then line_share
            when is_star_line then line_share * {{ var('goal_star_line_share') }} / star_share
            else line_share * (1 - {{ var('goal_star_line_share') }}) / (1 - star_share)
        end as cell_share
    from shared
    where weight > 0

)

select
    lifted.year_start,
    lifted.region,
    lifted.product_line,
    lifted.is_star_line,
    round(
        regions.region_share * lifted.cell_share
        / sum(regions.region_share * lifted.cell_share) over (partition by lifted.year_start), 12
    ) as cell_share
from lifted
inner join regions on lifted.year_start = regions.year_start and lifted.region = regions.region
