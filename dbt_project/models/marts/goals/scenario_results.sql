-- Grain: one row per scenario, KPI and coming month. Revenue adds up over months, its bands do not; nothing adds up
-- over scenarios, return and lifetime value over nothing.
with

months as (
    select
        month,
        sum(cast(forecast_reporting_amount as double)) as baseline,
        -- errors of the series are taken as independent: squares add up
        sqrt(sum(power(cast(forecast_reporting_amount - lower_80_reporting_amount as double), 2))) as below,
        sqrt(sum(power(cast(upper_80_reporting_amount - forecast_reporting_amount as double), 2))) as above
    from {{ ref('revenue_forecast') }}
    where is_latest
    group by month
),

-- the twelve months before the first coming one
known as (
    select
        sum(case when past.kpi_id = 'return_on_ad_spend' then past.numerator end)
        / nullif(sum(case when past.kpi_id = 'return_on_ad_spend' then past.denominator end), 0) as return_on_ad_spend,
        sum(case when past.kpi_id = 'return_on_ad_spend' then past.numerator end)
        / nullif(sum(case when past.kpi_id = 'revenue' then past.value end), 0) as attributed_share,
        sum(case when past.kpi_id = 'gross_margin' then past.numerator end)
        / nullif(sum(case when past.kpi_id = 'gross_margin' then past.denominator end), 0) as gross_margin
    from {{ ref('kpi_values') }} as past
    cross join (select min(months.month) as first_month from months) as coming
    where
        past.grain = 'month'
        and past.dimension = 'total'
        and past.kpi_id in ('revenue', 'return_on_ad_spend', 'gross_margin')
        and past.period_start < coming.first_month
        and past.period_start >= {{ add_months('coming.first_month', -12) }}
),

newest_value as (
    select max_by(value, period_start) as lifetime_value
    from {{ ref('kpi_values') }}
    where kpi_id = 'lifetime_value' and grain = 'month' and dimension = 'total' and value is not null
),

effects as (
    select
        scenarios.*,
        known.return_on_ad_spend,
        newest_value.lifetime_value,
        case scenarios.lever
            when 'budget' then power(1 + scenarios.change_rate, {{ var('scenario_advertising_elasticity') }})
            when 'price' then power(1 + scenarios.change_rate, 1 + {{ var('scenario_price_elasticity') }})
            else 1 + scenarios.change_rate
        end as revenue_factor,
        case scenarios.lever
            -- what comes on top is brought by the advertising, over the changed spend
            when 'budget'
                then
                    (
                        1
                        + (power(1 + scenarios.change_rate, {{ var('scenario_advertising_elasticity') }}) - 1)
                        / nullif(known.attributed_share, 0)
                    )
                    / (1 + scenarios.change_rate)
            when 'price' then power(1 + scenarios.change_rate, 1 + {{ var('scenario_price_elasticity') }})
            else 1 + scenarios.change_rate
        end as return_factor,
        case
            when scenarios.lever = 'price'
                then
                    power(1 + scenarios.change_rate, {{ var('scenario_price_elasticity') }})
                    * (known.gross_margin + scenarios.change_rate)
                    / nullif(known.gross_margin, 0)
            else 1.0
        end as value_factor
    from {{ ref('scenarios') }} as scenarios
    cross join known
    cross join newest_value
),

results as (
    select
        effects.scenario,
        'revenue' as kpi_id,
        months.month,
        effects.lever,
        effects.change_rate,
        months.baseline,
        months.baseline * effects.revenue_factor as simulated,
        (months.baseline - months.below) * effects.revenue_factor as lower_80,
        (months.baseline + months.above) * effects.revenue_factor as upper_80,
        effects.assumptions
    from effects
    cross join months

    {% for kpi, factor in {'return_on_ad_spend': 'return_factor', 'lifetime_value': 'value_factor'}.items() %}
        union all

        select
            effects.scenario,
            '{{ kpi }}' as kpi_id,
            months.month,
            effects.lever,
            effects.change_rate,
            effects.{{ kpi }} as baseline,
            effects.{{ kpi }} * effects.{{ factor }} as simulated,
            cast(null as double) as lower_80,
            cast(null as double) as upper_80,
            effects.assumptions
        from effects
        cross join months
        where effects.{{ kpi }} is not null
    {% endfor %}
)

select
    scenario,
    kpi_id,
    month,
    lever,
    change_rate,
    round(baseline, 6) as baseline,
    round(simulated, 6) as simulated,
    round(lower_80, 6) as lower_80,
    round(upper_80, 6) as upper_80,
    assumptions
from results
