{#
    Grain: one row per quarter and driver: what one unit of it (an hour, a day, being so) goes with in points of
    recommendation, by regression over the quarter's answers. Nothing is additive; an effect is no proof of a cause.
#}
select
    quarter_start_date,
    driver,
    respondents,
    effect,
    effect_lower,
    effect_upper,
    p_value,
    respondent_count
from {{ ref('int_nps_drivers__fitted') }}
