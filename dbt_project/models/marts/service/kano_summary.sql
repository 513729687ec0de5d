{#
    Grain: one row per survey and feature: respondents by class of Kano's evaluation table (N. Kano et al. 1984), from what
    they say if the feature is there (functional) and if it is missing (dysfunctional). Respondents are additive over
    features of one survey only; shares and coefficients are not additive.
#}
{% set classes = ['must_be', 'one_dimensional', 'attractive', 'indifferent', 'reverse', 'questionable'] %}
with classed as (

    select
        survey,
        aspect as feature,
        answered_date,
        case
            when functional_answer = dysfunctional_answer and functional_answer in (1, 5) then 'questionable'
            when functional_answer = 1 and dysfunctional_answer = 5 then 'one_dimensional'
            when functional_answer = 1 then 'attractive'
            when functional_answer = 5 or dysfunctional_answer = 1 then 'reverse'
            when dysfunctional_answer = 5 then 'must_be'
            else 'indifferent'
        end as kano_class
    from {{ ref('fct_survey_responses') }}
    where functional_answer between 1 and 5 and dysfunctional_answer between 1 and 5

),

counted as (

    select
        survey,
        feature,
        max(answered_date) as surveyed_date,
        {% for class in classes %}
            sum(case when kano_class = '{{ class }}' then 1 else 0 end) as {{ class }}_count,
        {% endfor %}
        count(*) as respondent_count
    from classed
    group by 1, 2

),

measured as (

    select
        *,
        -- of several classes with as many respondents the one that demands most: must be before one-dimensional, ...
        case most_count
            {% for class in classes[:5] %}
                when {{ class }}_count then '{{ class }}'
            {% endfor %}
        end as main_class,
        cast(attractive_count + one_dimensional_count as double)
        / nullif(attractive_count + one_dimensional_count + must_be_count + indifferent_count, 0)
            as satisfaction_coefficient,
        -cast(one_dimensional_count + must_be_count as double)
        / nullif(attractive_count + one_dimensional_count + must_be_count + indifferent_count, 0)
            as dissatisfaction_coefficient
    from (
        select
            counted.*,
            greatest(must_be_count, one_dimensional_count, attractive_count, indifferent_count, reverse_count)
                as most_count
        from counted
    ) as largest

),

compared as (

    select
        *,
        lag(survey) over (partition by feature order by surveyed_date, survey) as earlier_survey,
        lag(main_class) over (partition by feature order by surveyed_date, survey) as earlier_main_class,
        lag(satisfaction_coefficient) over (partition by feature order by surveyed_date, survey)
            as earlier_satisfaction_coefficient,
        lag(dissatisfaction_coefficient) over (partition by feature order by surveyed_date, survey)
            as earlier_dissatisfaction_coefficient
    from measured

)

select
    survey,
    feature,
    surveyed_date,
    {{ integer('respondent_count') }} as respondent_count,
    {% for class in classes %}
        {{ integer(class ~ '_count') }} as {{ class }}_count,
    {% endfor %}
    main_class,
    satisfaction_coefficient,
    dissatisfaction_coefficient,
    earlier_survey,
    earlier_main_class,
    satisfaction_coefficient - earlier_satisfaction_coefficient as satisfaction_change,
    dissatisfaction_coefficient - earlier_dissatisfaction_coefficient as dissatisfaction_change
from compared
