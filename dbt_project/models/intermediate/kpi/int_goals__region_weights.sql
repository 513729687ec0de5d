{#
    Grain: one row per fiscal year that goals are set for, and region with revenue in the twelve months before it (or,
    where there is none, in the year so far): what the region weighs in the break-down of a goal. Additive over regions.
    Weight = its revenue x growth x maturity x room that competitors leave x the stair of a new region.
#}
{% set stair = var('goal_new_region_stair') %}
with years as (

    select distinct {{ kpi_period_start('year', 'period_start') }} as year_start
    from {{ ref('fct_goals') }}

),

revenue as (

    select
        region,
        month_start,
        sum(revenue_reporting_amount) as amount
    from {{ ref('int_revenue__monthly') }}
    where region <> '(none)'
    group by 1, 2

),

begun as (

    select
        region,
        min(month_start) as first_month,
        min(min(month_start)) over () as company_first_month
    from revenue
    where amount > 0
    group by 1

),

measured as (

    select
        years.year_start,
        revenue.region,
        sum(
            case
                when
                    revenue.month_start < years.year_start
                    and revenue.month_start >= {{ add_months('years.year_start', -12) }}
                    then revenue.amount
                else 0
            end
        ) as last_year,
        sum(
            case
                when
                    revenue.month_start < {{ add_months('years.year_start', -12) }}
                    and revenue.month_start >= {{ add_months('years.year_start', -24) }}
                    then revenue.amount
                else 0
            end
        ) as year_before,
        sum(case when revenue.month_start >= years.year_start then revenue.amount else 0 end) as this_year,
        sum(case when revenue.month_start < {{ add_months('years.year_start', -12) }} then 1 else 0 end) >= 12
            as has_year_before,
        avg(
            case
                when
                    revenue.month_start < years.year_start
                    and revenue.month_start >= {{ add_months('years.year_start', -36) }}
                    then case when revenue.amount > 0 then 1.0 else 0.0 end
            end
        ) as maturity
    from years
    cross join revenue
    where revenue.month_start < {{ add_months('years.year_start', 12) }}
    group by 1, 2

),

-- a market of the region itself: the sum of its segments, or the whole where no segments are observed
markets as (

    select
        region,
        sum(case when measure = 'segment_size' then observed_value end) as segments,
        sum(case when measure = 'market_size' then observed_value end) as whole,
        {{ period_start('year', 'period_start') }} as observed_year
    from {{ ref('stg_market_observation') }}
    where measure in ('segment_size', 'market_size') and region is not null
    group by region, {{ period_start('year', 'period_start') }}

),

shares as (

    select
        measured.*,
        sum(measured.last_year) over (partition by measured.year_start) > 0 as has_last_year,
        measured.last_year / nullif(cast(measured.year_before as double), 0) - 1 as growth,
        sum(measured.last_year) over (partition by measured.year_start)
        / nullif(cast(sum(measured.year_before) over (partition by measured.year_start) as double), 0)
        - 1 as company_growth,
        1 - measured.last_year / nullif(coalesce(markets.segments, markets.whole), 0) as competitor_share,
        avg(1 - measured.last_year / nullif(coalesce(markets.segments, markets.whole), 0))
            over (partition by measured.year_start) as mean_competitor_share
    from measured
    left join markets
        on
            measured.region = markets.region
            and {{ period_start('year', add_months('measured.year_start', -12)) }} = markets.observed_year

),

factors as (

    select
        shares.year_start,
        shares.region,
        greatest(cast(case when shares.has_last_year then shares.last_year else shares.this_year end as double), 0)
            as base,
        case
            when shares.has_year_before and shares.year_before > 0 and shares.company_growth is not null
                then
                    1
                    + {{ var('goal_region_growth_weight') }}
                    * greatest(
                        least(shares.growth - shares.company_growth, {{ var('goal_region_growth_limit') }}),
                        -{{ var('goal_region_growth_limit') }}
                    )
            else 1
        end as growth_factor,
        1 - {{ var('goal_region_maturity_weight') }} * (1 - coalesce(shares.maturity, 1)) as maturity_factor,
        1
        - {{ var('goal_region_competitor_weight') }}
        * coalesce(shares.competitor_share - shares.mean_competitor_share, 0) as competitor_factor,
        case
            when begun.first_month < {{ add_months('begun.company_first_month', var('goal_new_region_months') | int) }}
                then {{ stair[2] }}
            when begun.first_month >= {{ add_months('shares.year_start', -12) }}
                then {{ stair[0] }}
            when begun.first_month >= {{ add_months('shares.year_start', -24) }} then {{ stair[1] }}
            else {{ stair[2] }}
        end as stair
    from shares
    inner join begun on shares.region = begun.region

)

select
    year_start,
    region,
    base,
    growth_factor,
    maturity_factor,
    competitor_factor,
    stair,
    round(base * growth_factor * maturity_factor * greatest(competitor_factor, 0) * stair, 4) as weight
from factors
where base > 0
