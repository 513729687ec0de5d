{#
    Grain: one row per attribution model that looks at all paths (markov, shapley) and marketing channel. Removal effects
    do not add up to anything; Shapley values add up to the conversions that a touch came before.
#}
select
    attribution_model,
    marketing_channel,
    effect,
    credit as share_of_effects,
    standard_error,
    is_exact
from {{ ref('int_attribution__effects') }}
where path_set = ''
