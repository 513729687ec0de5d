{#
    Grain: one row per year and sales region. Scores are not additive. Each component is scaled over the year's regions
    from 0 (least promising) to 1; the score is their mean by the weights of dbt_project.yml, from 0 to 100; a
    component that is not known of a region is left out, and the other weights are scaled up.
#}
{% set weights = {
    'economy': var('region_weight_economy'),
    'policy': var('region_weight_policy'),
    'infrastructure': var('region_weight_infrastructure'),
    'market_size': var('region_weight_market_size'),
    'competition': var('region_weight_competition'),
    'penetration': var('region_weight_penetration'),
} %}
with indicators as (

    select
        {{ kpi_period_start('year', 'month_start') }} as year_start,
        sales_region as region,
        {% for name in ['gdp_growth', 'retail_sales', 'policy', 'infrastructure', 'competition'] %}
            avg(case when indicator = '{{ name }}' then indicator_value end) as {{ name }},
        {% endfor %}
        count(*) as indicator_count
    from {{ ref('macro_indicators') }}
    where sales_region <> '(all)'
    group by 1, 2

),

sizes as (

    select
        {{ kpi_period_start('year', 'month_start') }} as year_start,
        region,
        cast(sum(market_size) as double) as market_size,
        cast(sum(own_revenue) as double) as own_revenue
    from {{ ref('market_sizes') }}
    where level = 'region'
    group by 1, 2

),

regions as (

    select
        coalesce(indicators.year_start, sizes.year_start) as year_start,
        coalesce(indicators.region, sizes.region) as region,
        indicators.gdp_growth,
        indicators.retail_sales,
        indicators.policy,
        indicators.infrastructure,
        indicators.competition,
        sizes.market_size,
        sizes.own_revenue / nullif(sizes.market_size, 0) as penetration
    from indicators
    full outer join sizes
        on
            indicators.year_start = sizes.year_start
            and indicators.region = sizes.region

),

scaled as (

    select
        {% for name in ['gdp_growth', 'retail_sales', 'policy', 'infrastructure', 'market_size'] %}
            ({{ name }} - min({{ name }}) over (partition by year_start))
            / nullif(
                max({{ name }}) over (partition by year_start) - min({{ name }}) over (partition by year_start), 0
            ) as {{ name }}_score,
        {% endfor %}
        -- much competition and a market that is already won promise less
        {% for name in ['competition', 'penetration'] %}
            (max({{ name }}) over (partition by year_start) - {{ name }})
            / nullif(
                max({{ name }}) over (partition by year_start) - min({{ name }}) over (partition by year_start), 0
            ) as {{ name }}_score,
        {% endfor %}
        *
    from regions

),

components as (

    select
        *,
        coalesce((gdp_growth_score + retail_sales_score) / 2, gdp_growth_score, retail_sales_score) as economy_score
    from scaled

),

scored as (

    select
        *,
        100 * (
            {% for name, weight in weights.items() %}
                {{ '+ ' if not loop.first }}coalesce({{ name }}_score, 0) * {{ weight }}
            {% endfor %}
        ) / nullif(
            {% for name, weight in weights.items() %}
                {{ '+ ' if not loop.first }}case when {{ name }}_score is not null then {{ weight }} else 0 end
            {% endfor %},
            0
        ) as potential_score
    from components

)

select
    year_start,
    region,
    gdp_growth,
    retail_sales,
    policy,
    infrastructure,
    competition,
    {{ money('market_size') }} as market_size,
    penetration,
    {% for name in weights %}
        cast({{ name }}_score as double) as {{ name }}_score,
    {% endfor %}
    cast(potential_score as double) as potential_score,
    {{ integer('rank() over (partition by year_start order by potential_score desc nulls last)') }} as potential_rank
from scored
