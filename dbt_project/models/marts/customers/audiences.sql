{#
    Grain: one row per audience, customer token and day of entry: whom a marketing tool may address. Only customers who
    stated their consent and have a phone or email are in it; entered once for each time, left null while it lasts.
#}
with reachable as (

    select
        customer_id,
        coalesce(phone_token, email_token) as customer_token,
        case when phone_token is not null then 'phone' else 'email' end as token_kind,
        phone_token,
        email_token
    from {{ ref('dim_customer') }}
    where has_consent and coalesce(phone_token, email_token) is not null

),

-- one row per customer and time in the audience
members as (

    select
        customer_id,
        case state
            when 'at_risk' then 'at_risk'
            when 'several_lines' then 'buys_several_lines'
            when 'member' then 'members'
            when 'active' then 'active_customers'
        end as audience,
        from_date as entered_date,
        to_date as left_date
    from {{ ref('int_customers__state_spans') }}
    where state in ('at_risk', 'several_lines', 'member', 'active')

    union all

    -- to be won back: lost, until they return
    select
        customer_id,
        'lost_customers' as audience,
        lost_date as entered_date,
        returned_date as left_date
    from {{ ref('lost_customers') }}

    union all

    -- to be welcomed: the first days after the first purchase
    select
        customer_id,
        'new_customers' as audience,
        first_purchase_date as entered_date,
        case
            when {{ add_days('first_purchase_date', var('audience_new_customer_days')) }} <= {{ as_of_date() }}
                then {{ add_days('first_purchase_date', var('audience_new_customer_days')) }}
        end as left_date
    from {{ ref('first_purchases') }}

    union all

    -- to be offered more: grouped to invest in
    select
        customer_id,
        'grow' as audience,
        quarter_start_date as entered_date,
        cast(null as date) as left_date
    from {{ ref('customer_tiers') }}
    where is_current and customer_group = 'invest'

)

select
    members.audience,
    reachable.customer_token,
    reachable.token_kind,
    reachable.phone_token,
    reachable.email_token,
    members.customer_id,
    members.entered_date,
    members.left_date,
    true as has_consent
from members
inner join reachable on members.customer_id = reachable.customer_id
