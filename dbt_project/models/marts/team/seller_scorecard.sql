{#
    Grain: one row per quarter and seller. Nothing is additive. The total is the weighted score of the KPIs of
    scorecard_kpis, 1 where every target is met; bands are the best and the lowest tenth of the company's sellers.
#}
{% set components = scorecard_components() %}
with kpis as (

    select * from {{ ref('scorecard_kpis') }}

),

totals as (

    select
        quarter_start,
        employee_id,
        max(scorecard_set) as scorecard_set,
        round(sum(weighted_score), 12) as total_score,
        {% for number in range(3) %}
            '{{ components[number] }}' as component_{{ number + 1 }},
            sum(case when component = '{{ components[number] }}' then share_in_component * score end)
                as component_{{ number + 1 }}_score,
            max(case when component = '{{ components[number] }}' then component_weight end)
                as component_{{ number + 1 }}_weight,
        {% endfor %}
        count(score) as scored_kpi_count,
        max(case when weakness_rank = 1 then kpi_id end) as weakest_1,
        max(case when weakness_rank = 2 then kpi_id end) as weakest_2,
        max(case when weakness_rank = 3 then kpi_id end) as weakest_3
    from kpis
    group by 1, 2

),

ranked as (

    select
        totals.*,
        sellers.team,
        sellers.region,
        sellers.is_complete,
        sellers.attainment,
        count(totals.total_score) over (partition by totals.quarter_start) as seller_count,
        row_number() over (
            partition by totals.quarter_start order by totals.total_score desc nulls last, totals.employee_id asc
        ) as place,
        rank() over (partition by totals.quarter_start order by totals.total_score desc nulls last) as rank_in_company,
        rank() over (
            partition by totals.quarter_start, sellers.team order by totals.total_score desc nulls last
        ) as rank_in_team
    from totals
    inner join {{ ref('seller_attainment') }} as sellers
        on totals.quarter_start = sellers.quarter_start and totals.employee_id = sellers.employee_id

),

banded as (

    select
        ranked.*,
        greatest(round(seller_count * {{ var('performance_band_share') }}), 1) as band_size
    from ranked

)

select
    quarter_start,
    employee_id,
    team,
    region,
    is_complete,
    scorecard_set,
    attainment,
    {% for number in range(1, 4) %}
        component_{{ number }},
        component_{{ number }}_weight,
        component_{{ number }}_score,
    {% endfor %}
    {{ integer('scored_kpi_count') }} as scored_kpi_count,
    total_score,
    case
        when total_score is null then '(none)'
        when place <= band_size then 'top'
        when place > seller_count - band_size then 'lowest'
        else 'middle'
    end as performance_band,
    {{ integer('case when total_score is not null then rank_in_team end') }} as rank_in_team,
    {{ integer('case when total_score is not null then rank_in_company end') }} as rank_in_company,
    weakest_1,
    weakest_2,
    weakest_3
from banded
