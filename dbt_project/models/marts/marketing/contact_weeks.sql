{#
    Grain: one row per week (Monday), customer and marketing channel in which the company reached the customer, and one
    over all channels (contact_scope all). Add up within one scope only.
#}
with contacts as (

    select
        {{ period_start('week', 'touch.touched_date') }} as week_start,
        {{ customer_id_column() }},
        touch.marketing_channel,
        count(*) as touches
    from {{ ref('fct_touchpoints') }} as touch
    {{ customer_id_lookup('touch', 'customer_system') }}
    where touch.is_outbound and {{ customer_id_column() }} is not null
    group by 1, 2, 3

),

scopes as (

    select
        week_start,
        customer_id,
        'channel' as contact_scope,
        marketing_channel,
        touches
    from contacts

    union all

    select
        week_start,
        customer_id,
        'all' as contact_scope,
        '(all)' as marketing_channel,
        sum(touches) as touches
    from contacts
    group by 1, 2

)

select
    week_start,
    customer_id,
    contact_scope,
    marketing_channel,
    {{ integer('touches') }} as touches,
    touches > {{ var('contact_cap_per_week') }} as is_over_cap
from scopes
