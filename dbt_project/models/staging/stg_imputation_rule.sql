-- What contracts say of missing values and outliers. As ingestion wrote it.
with

records as (
    select * from {{ lake('imputation_rule') }}
),

final as (
    select
        contract,
        entity,
        column_name,
        method,
        value_class,
        outlier_limit
    from records
)

select * from final
