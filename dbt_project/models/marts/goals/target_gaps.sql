-- Grain: one row per current revenue goal (month, quarter, year) of the whole, a region or a seller: what is missing
-- and the open pipeline that closes in the period; and of a product within twelve months of its launch: what came of
-- its target. Nothing adds up over grains or kinds of cell.
with

goals as (
    select * from {{ ref('int_goals__cells') }}
    where kpi_id = 'revenue'
),

revenue as (
    select
        {{ period_start('month', 'event_date') }} as month_start,
        region,
        employee_id,
        sum(cast(revenue_reporting_amount as double)) as amount
    from {{ ref('revenue_events') }}
    group by {{ period_start('month', 'event_date') }}, region, employee_id
),

pipeline as (
    select
        {{ period_start('month', 'expected_close_date') }} as month_start,
        region,
        employee_id,
        sum(cast(reporting_amount as double)) as amount
    from {{ ref('fct_opportunities') }}
    where not is_closed and expected_close_date is not null
    group by {{ period_start('month', 'expected_close_date') }}, region, employee_id
),

{% for name in ['revenue', 'pipeline'] %}
    {{ name }}_of_goals as (
        select
            goals.goal_key,
            sum({{ name }}.amount) as amount
        from goals
        inner join {{ name }}
            on
                goals.period_start <= {{ name }}.month_start
                and goals.next_period_start > {{ name }}.month_start
                and (goals.region is null or goals.region = {{ name }}.region)
                and (goals.employee_id is null or goals.employee_id = {{ name }}.employee_id)
        where goals.dimension in ('total', 'region', 'employee')
        group by goals.goal_key
    ),
{% endfor %}

-- a goal for a product stands in the sheet's column of the product line
new_products as (
    select
        goals.goal_key,
        products.product_line,
        sum(
            cast(lines.net_reporting_amount as double)
            - cast(coalesce(lines.refunded_amount, 0) as double) * coalesce(lines.exchange_rate, 1)
        ) as amount
    from goals
    inner join {{ ref('dim_product') }} as products
        on
            goals.product_line = products.product_id
            and goals.next_period_start > products.launch_date
            and goals.period_start < {{ add_months('products.launch_date', 12) }}
    left join {{ ref('fct_order_lines') }} as lines
        on
            products.product_id = lines.product_id
            and lines.is_sale
            and goals.period_start <= lines.paid_date
            and goals.next_period_start > lines.paid_date
            and products.launch_date <= lines.paid_date
            and {{ add_months('products.launch_date', 12) }} > lines.paid_date
            and (goals.region is null or goals.region = lines.region)
    where goals.dimension in ('product_line', 'region x product_line')
    group by goals.goal_key, products.product_line
),

final as (
    select
        goals.goal_key,
        'pipeline' as gap_kind,
        goals.dimension as cell,
        goals.grain,
        goals.period_start,
        goals.region,
        cast(null as string) as product_line,
        goals.employee_id,
        goals.target_value as target,
        coalesce(revenue_of_goals.amount, 0) as actual,
        -- null when the target is met
        case
            when goals.target_value > coalesce(revenue_of_goals.amount, 0)
                then goals.target_value - coalesce(revenue_of_goals.amount, 0)
        end as gap,
        coalesce(pipeline_of_goals.amount, 0) as closing_pipeline
    from goals
    left join revenue_of_goals on goals.goal_key = revenue_of_goals.goal_key
    left join pipeline_of_goals on goals.goal_key = pipeline_of_goals.goal_key
    where goals.dimension in ('total', 'region', 'employee') and goals.period_start <= {{ as_of_date() }}

    union all

    select
        goals.goal_key,
        'new_product' as gap_kind,
        case when goals.region is null then 'product_line' else 'region' end as cell,
        goals.grain,
        goals.period_start,
        goals.region,
        new_products.product_line,
        cast(null as string) as employee_id,
        goals.target_value as target,
        coalesce(new_products.amount, 0) as actual,
        cast(null as double) as gap,
        cast(null as double) as closing_pipeline
    from goals
    inner join new_products on goals.goal_key = new_products.goal_key
    where goals.period_start <= {{ as_of_date() }}
)

select * from final
