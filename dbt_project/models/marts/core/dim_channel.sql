-- Grain: one row per channel: the declared ones, and those that only records mention.
with

declared as (
    select * from {{ ref('channels') }}
),

mentioned as (
    select
        channel,
        true as is_sales_channel,
        false as is_marketing_channel
    from {{ ref('int_orders__placed') }}
    union
    select
        channel,
        true as is_sales_channel,
        false as is_marketing_channel
    from {{ ref('int_opportunities__staged') }}
    union
    select
        marketing_channel as channel,
        false as is_sales_channel,
        true as is_marketing_channel
    from {{ ref('int_campaigns__unified') }}
    union
    select
        marketing_channel as channel,
        false as is_sales_channel,
        true as is_marketing_channel
    from {{ ref('int_budgets__daily') }}
),

undeclared as (
    select
        mentioned.channel,
        {{ any_true('mentioned.is_sales_channel') }} as is_sales_channel,
        {{ any_true('mentioned.is_marketing_channel') }} as is_marketing_channel
    from mentioned
    left join declared
        on mentioned.channel = declared.channel
    where declared.channel is null
    group by mentioned.channel
),

final as (
    select
        channel,
        channel_name,
        channel_name_zh,
        channel_group,
        is_sales_channel,
        is_marketing_channel,
        is_online,
        tier,
        true as is_declared
    from declared

    union all

    select
        channel,
        channel as channel_name,
        channel as channel_name_zh,
        'other' as channel_group,
        is_sales_channel,
        is_marketing_channel,
        cast(null as boolean) as is_online,
        cast(null as string) as tier,
        false as is_declared
    from undeclared
)

select * from final
