-- Expectation results of earlier builds. As ingestion wrote it.
with

records as (
    select * from {{ lake('quality_result') }}
),

final as (
    select
        build_id,
        suite,
        expectation,
        severity,
        is_success,
        observed,
        judged_at
    from records
)

select * from final
