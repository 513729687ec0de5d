{# Grain: one row per build, suite and expectation, of builds before this one; the newest verdict is in the ledger. #}
select
    build_id,
    suite,
    expectation,
    severity,
    is_success,
    observed,
    judged_at
from {{ ref('stg_quality_result') }}
