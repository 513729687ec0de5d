{# Grain: one row per contract, entity and column with a rule: values filled, still missing, marked as outliers. #}
with

rules as (
    select * from {{ ref('stg_imputation_rule') }}
),

counted as (
    select
        contract,
        entity,
        column_name,
        sum(case when is_imputed then 1 else 0 end) as imputed_count,
        sum(case when not is_imputed and not is_outlier then 1 else 0 end) as missing_count,
        sum(case when is_outlier then 1 else 0 end) as outlier_count
    from {{ ref('int_values__imputed') }}
    group by contract, entity, column_name
),

final as (
    select
        rules.contract,
        rules.entity,
        rules.column_name,
        rules.method,
        rules.value_class,
        rules.outlier_limit,
        {{ integer('coalesce(counted.imputed_count, 0)') }} as imputed_count,
        {{ integer('coalesce(counted.missing_count, 0)') }} as missing_count,
        {{ integer('coalesce(counted.outlier_count, 0)') }} as outlier_count
    from rules
    left join counted
        on
            rules.contract = counted.contract
            and rules.entity = counted.entity
            and rules.column_name = counted.column_name
)

select * from final
