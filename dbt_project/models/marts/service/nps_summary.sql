{#
    Grain: one row per month, dimension (total, customer tier, product line, region, customer age, employee) and member.
    Respondents are additive over members of one dimension and over months; the score is not.
#}
{% set dimensions = ['customer_tier', 'product_line', 'region', 'customer_age', 'employee'] %}
with answers as (

    select
        response_id,
        source_system,
        respondent_group,
        points,
        {{ period_start('month', 'answered_date') }} as answered_month,
        'total' as dimension,
        'all' as member
    from {{ ref('nps_answers') }}

    {% for dimension in dimensions %}
        union all

        select
            response_id,
            source_system,
            respondent_group,
            points,
            {{ period_start('month', 'answered_date') }} as answered_month,
            '{{ dimension }}' as dimension,
            {{ 'employee_id' if dimension == 'employee' else dimension }} as member
        from {{ ref('nps_answers') }}
    {% endfor %}

),

words as (

    select
        answers.answered_month,
        answers.dimension,
        answers.member,
        answers.respondent_group,
        word.word,
        row_number() over (
            partition by answers.answered_month, answers.dimension, answers.member, answers.respondent_group
            order by count(*) desc, word.word asc
        ) as place
    from answers
    inner join {{ ref('int_nps_words') }} as word
        on answers.response_id = word.response_id and answers.source_system = word.source_system
    where answers.respondent_group in ('promoter', 'detractor')
    group by 1, 2, 3, 4, 5

),

drivers as (

    select
        answered_month,
        dimension,
        member,
        {{ list_distinct("case when respondent_group = 'promoter' then word end") }} as promoter_words,
        {{ list_distinct("case when respondent_group = 'detractor' then word end") }} as detractor_words
    from words
    where place <= {{ var('nps_driver_words') }}
    group by 1, 2, 3

),

counted as (

    select
        answered_month,
        dimension,
        member,
        {{ integer('count(*)') }} as respondent_count,
        {{ integer("sum(case when respondent_group = 'promoter' then 1 else 0 end)") }} as promoter_count,
        {{ integer("sum(case when respondent_group = 'passive' then 1 else 0 end)") }} as passive_count,
        {{ integer("sum(case when respondent_group = 'detractor' then 1 else 0 end)") }} as detractor_count,
        cast(sum(points) as double) / count(*) as net_promoter_score
    from answers
    group by 1, 2, 3

)

select
    counted.answered_month,
    counted.dimension,
    counted.member,
    counted.respondent_count,
    counted.promoter_count,
    counted.passive_count,
    counted.detractor_count,
    counted.net_promoter_score,
    drivers.promoter_words,
    drivers.detractor_words
from counted
left join drivers
    on
        counted.answered_month = drivers.answered_month
        and counted.dimension = drivers.dimension
        and counted.member = drivers.member
