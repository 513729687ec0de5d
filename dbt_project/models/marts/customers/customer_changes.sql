{#
    Grain: one row per day, state, region, tier, segment, owner and channel on which customers enter or leave the state.
    customer_change adds up over everything but states: the number of customers in a state on a day is the sum of all
    changes up to it. Attributes are those of the customer now; channel is the member's own, for states of members.
#}
with changes as (

    select
        customer_id,
        state,
        from_date as change_date,
        1 as customer_change
    from {{ ref('int_customers__state_spans') }}

    union all

    select
        customer_id,
        state,
        to_date as change_date,
        -1 as customer_change
    from {{ ref('int_customers__state_spans') }}
    where to_date is not null

)

select
    changes.change_date,
    changes.state,
    coalesce(customer.region, '(none)') as region,
    coalesce(tier.customer_tier, '(none)') as customer_tier,
    coalesce(segment.segment, '(none)') as rfm_segment,
    {{ member('customer.owner_employee_id') }} as employee_id,
    case when changes.state in ('member', 'active_member') then coalesce(account.channel, '(none)') else '(none)' end
        as channel,
    {{ integer('sum(changes.customer_change)') }} as customer_change
from changes
left join {{ ref('dim_customer') }} as customer on changes.customer_id = customer.customer_id
left join {{ ref('customer_tiers') }} as tier on changes.customer_id = tier.customer_id and tier.is_current
left join {{ ref('rfm_segments') }} as segment
    on changes.customer_id = segment.customer_id and segment.as_of_date = {{ as_of_date() }}
left join {{ ref('int_members') }} as account on changes.customer_id = account.customer_id
group by 1, 2, 3, 4, 5, 6, 7
having sum(changes.customer_change) <> 0
