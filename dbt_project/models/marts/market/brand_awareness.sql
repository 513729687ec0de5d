-- Grain: one row per month, region and brand asked for. Respondents add up within a brand, not over brands.
select
    {{ period_start('month', 'response.answered_date') }} as month_start,
    response.region,
    {{ member('response.brand') }} as brand,
    own_brands.brand_word is not null as is_own_brand,
    {{ integer('count(*)') }} as respondent_count,
    {{ integer('sum(case when response.score > 0 then 1 else 0 end)') }} as naming_count
from {{ ref('fct_survey_responses') }} as response
left join {{ ref('int_own_brands') }} as own_brands on lower(trim(response.brand)) = own_brands.brand_word
where response.question_kind = 'awareness' and response.answered_date is not null and response.score is not null
group by 1, 2, 3, 4
