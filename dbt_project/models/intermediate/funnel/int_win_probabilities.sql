{#
    Grain: one row per month, open stage and age band: the share of deals won among those that were in the stage at that
    age, learned from deals closed before the month. Bands are multiples of the stage's mean dwell.
    Small groups lean on larger ones: the stage's share counts its default probability as so many deals beside the
    observed ones, the band's share the stage's share in the same way (posterior mean of a beta prior).
#}
{% set bands = var('win_probability_age_bands') %}
{% set prior = var('win_probability_prior_deals') %}
with months as (

    select distinct month_start_date as month_start
    from {{ ref('dim_date') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day >= (select min(spell.entered_date) from {{ ref('int_opportunity_spells') }} as spell)

),

bands as (

    {% for band in bands %}
        select
            {{ loop.index }} as age_band,
            cast({{ band }} as double) as lower_ratio
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

stages as (

    select distinct
        stage,
        default_probability
    from {{ ref('int_opportunity_spells') }}

),

closed as (

    select
        spell.stage,
        bands.age_band,
        {{ period_start('month', 'deal.closed_date') }} as closed_month,
        count(*) as deal_count,
        sum(case when deal.is_won then 1 else 0 end) as won_count
    from {{ ref('int_opportunity_spells') }} as spell
    inner join {{ ref('fct_opportunities') }} as deal on spell.opportunity_key = deal.opportunity_key
    inner join bands on spell.dwell_days >= spell.mean_dwell_days * bands.lower_ratio
    where deal.is_closed and deal.closed_date is not null
    group by 1, 2, 3

),

known as (

    select
        months.month_start,
        stages.stage,
        bands.age_band,
        max(stages.default_probability) as default_probability,
        max(bands.lower_ratio) as lower_ratio,
        coalesce(sum(closed.deal_count), 0) as deal_count,
        coalesce(sum(closed.won_count), 0) as won_count
    from months
    cross join stages
    cross join bands
    left join closed
        on
            stages.stage = closed.stage
            and bands.age_band = closed.age_band
            and months.month_start > closed.closed_month
    group by 1, 2, 3

),

-- everything that entered a stage reached its first band
by_stage as (

    select
        known.*,
        (first_band.won_count + {{ prior }} * known.default_probability) / (first_band.deal_count + {{ prior }})
            as stage_win_probability
    from known
    inner join known as first_band
        on
            known.month_start = first_band.month_start
            and known.stage = first_band.stage
            and first_band.age_band = 1

)

select
    month_start,
    stage,
    {{ integer('age_band') }} as age_band,
    lower_ratio,
    {{ integer('deal_count') }} as deal_count,
    {{ integer('won_count') }} as won_count,
    cast(stage_win_probability as double) as stage_win_probability,
    cast((won_count + {{ prior }} * stage_win_probability) / (deal_count + {{ prior }}) as double) as win_probability
from by_stage
