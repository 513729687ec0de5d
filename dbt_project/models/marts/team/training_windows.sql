{#
    Grain: one row per employee and completed course whose three months after it are over. Counts are additive, also over
    courses, though peers count once for each participant they are compared with; growths are not.
#}
select
    course,
    employee_id,
    finished_date,
    trained_leads_before,
    trained_won_before,
    trained_leads_after,
    trained_won_after,
    peer_leads_before,
    peer_won_before,
    peer_leads_after,
    peer_won_after
from {{ ref('int_training_windows') }}
