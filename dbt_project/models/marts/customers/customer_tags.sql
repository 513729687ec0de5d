{#
    Grain: one row per customer and tag that holds now. Customers of a tag can be counted; tags of a customer overlap.
    confidence is 1 where a rule or a record says it, and a probability or share where it was estimated.
#}
with tags as (

    -- classes of other marts
    select
        customer_id,
        'tier:' || customer_tier as tag,
        'customer_tiers' as source,
        cast(1 as double) as confidence,
        quarter_start_date as since_date
    from {{ ref('customer_tiers') }}
    where is_current

    union all

    select
        customer_id,
        'group:' || customer_group as tag,
        'customer_tiers' as source,
        cast(1 as double) as confidence,
        quarter_start_date as since_date
    from {{ ref('customer_tiers') }}
    where is_current

    union all

    select
        customer_id,
        'segment:' || segment as tag,
        'rfm_segments' as source,
        cast(1 as double) as confidence,
        as_of_date as since_date
    from {{ ref('rfm_segments') }}
    where as_of_date = {{ as_of_date() }}

    union all

    select
        customer_id,
        'stage:' || stage as tag,
        'customer_lifecycle' as source,
        cast(1 as double) as confidence,
        coalesce(lapsed_date, referring_date, converted_date, retained_date, activated_date, acquired_date)
            as since_date
    from {{ ref('customer_lifecycle') }}
    where is_current

    union all

    -- states that hold
    select
        customer_id,
        state as tag,
        'customer_changes' as source,
        cast(1 as double) as confidence,
        from_date as since_date
    from {{ ref('int_customers__state_spans') }}
    where to_date is null and state in ('several_lines', 'online_and_offline', 'high_value', 'member', 'in_wecom')

    union all

    -- estimates
    select
        customer_id,
        'likely_to_churn' as tag,
        'churn_risk' as source,
        churn_probability as confidence,
        as_of_date as since_date
    from {{ ref('churn_risk') }}
    where is_current and churn_probability >= {{ var('tag_churn_probability') }}

    union all

    select
        customer_id,
        'favourite_line:' || product_line as tag,
        'revenue_events' as source,
        line_share as confidence,
        first_date as since_date
    from (
        select
            customer_id,
            product_line,
            min(event_date) as first_date,
            cast(sum(revenue_reporting_amount) as double)
            / nullif(cast(sum(sum(revenue_reporting_amount)) over (partition by customer_id) as double), 0)
                as line_share
        from {{ ref('int_revenue__by_customer') }}
        where
            product_line <> '(none)' and has_purchase
            and event_date > {{ add_months(as_of_date(), -(var('trailing_months') | int)) }}
        group by 1, 2
    ) as lines
    where line_share >= {{ var('tag_favourite_line_share') }}

)

select
    customer_id,
    tag,
    source,
    least(confidence, 1) as confidence,
    since_date
from tags
