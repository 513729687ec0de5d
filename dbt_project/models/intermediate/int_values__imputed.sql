-- Grain: one row per record and column that has a rule (stg_imputation_rule) and a value that is missing or an outlier.
-- A class is the records of one contract that agree in the rule's class column. An outlier lies further from the median
-- of its class than outlier_limit times the median absolute deviation; where that is zero, none is marked. The mean is
-- taken over the values that are no outliers, the mode is the most frequent value (of equals the first by order). A
-- class without any value leaves its missing values missing.
with

rules as (
    select * from {{ ref('stg_imputation_rule') }}
),

stated as (
    {% set blocks = [] %}
    {% for entity, has in imputable_entities().items() %}
        {% for column in has.numbers + has.texts %}
            {% do blocks.append((entity, has, column)) %}
        {% endfor %}
    {% endfor %}
    {% for entity, has, column in blocks %}
        select
            '{{ entity }}' as entity,
            records.source_system,
            records._contract as contract,
            records.{{ has.key }} as record_key,
            '{{ column }}' as column_name,
            {% if column in has.numbers %}
                {{ money('records.' ~ column) }} as value_number,
                cast(null as string) as value_text,
            {% else %}
                cast(null as decimal(18, 4)) as value_number,
                nullif(trim(records.{{ column }}), '') as value_text,
            {% endif %}
            coalesce(
                case rules.value_class
                    {% for class in has.classes %}
                        when '{{ class }}' then records.{{ class }}
                    {% endfor %}
                end,
                '(none)'
            ) as class_member,
            rules.method,
            rules.outlier_limit
        from {{ ref('stg_' ~ entity) }} as records
        inner join rules
            on
                records._contract = rules.contract
                and rules.entity = '{{ entity }}'
                and rules.column_name = '{{ column }}'
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

medians as (
    select
        contract,
        entity,
        column_name,
        class_member,
        median(cast(value_number as double)) as class_median
    from stated
    where value_number is not null and outlier_limit is not null
    group by contract, entity, column_name, class_member
),

deviations as (
    select
        stated.contract,
        stated.entity,
        stated.column_name,
        stated.class_member,
        medians.class_median,
        median(abs(cast(stated.value_number as double) - medians.class_median)) as median_deviation
    from stated
    inner join medians
        on
            stated.contract = medians.contract
            and stated.entity = medians.entity
            and stated.column_name = medians.column_name
            and stated.class_member = medians.class_member
    where stated.value_number is not null
    group by
        stated.contract, stated.entity, stated.column_name, stated.class_member, medians.class_median
),

marked as (
    select
        stated.*,
        coalesce(
            deviations.median_deviation > 0
            and abs(cast(stated.value_number as double) - deviations.class_median)
            > stated.outlier_limit * deviations.median_deviation,
            false
        ) as is_outlier
    from stated
    left join deviations
        on
            stated.contract = deviations.contract
            and stated.entity = deviations.entity
            and stated.column_name = deviations.column_name
            and stated.class_member = deviations.class_member
),

-- summed as decimals: the order of records plays no part
means as (
    select
        contract,
        entity,
        column_name,
        class_member,
        {{ money('sum(value_number) / count(value_number)') }} as class_mean
    from marked
    where value_number is not null and not is_outlier
    group by contract, entity, column_name, class_member
),

frequencies as (
    select
        contract,
        entity,
        column_name,
        class_member,
        value_number,
        value_text,
        row_number() over (
            partition by contract, entity, column_name, class_member
            order by count(*) desc, value_number asc, value_text asc
        ) as frequency_rank
    from marked
    where value_number is not null or value_text is not null
    group by contract, entity, column_name, class_member, value_number, value_text
),

final as (
    select
        marked.entity,
        marked.source_system,
        marked.contract,
        marked.record_key,
        marked.column_name,
        marked.class_member,
        marked.method,
        case
            when marked.is_outlier then marked.value_number
            when marked.method = 'mean' then means.class_mean
            when marked.method = 'mode' then modes.value_number
        end as value_number,
        case when marked.method = 'mode' and not marked.is_outlier then modes.value_text end as value_text,
        marked.is_outlier,
        coalesce(
            not marked.is_outlier
            and (
                (marked.method = 'mean' and means.class_mean is not null)
                or (marked.method = 'mode' and modes.frequency_rank is not null)
            ),
            false
        ) as is_imputed
    from marked
    left join means
        on
            marked.contract = means.contract
            and marked.entity = means.entity
            and marked.column_name = means.column_name
            and marked.class_member = means.class_member
    left join frequencies as modes
        on
            marked.contract = modes.contract
            and marked.entity = modes.entity
            and marked.column_name = modes.column_name
            and marked.class_member = modes.class_member
            and modes.frequency_rank = 1
    where marked.is_outlier or (marked.value_number is null and marked.value_text is null)
)

select * from final
