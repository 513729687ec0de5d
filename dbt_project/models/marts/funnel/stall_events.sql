{#
    Grain: one row per opportunity, open stage and event: stalled (in the stage for longer than its mean dwell) or ended
    (left the stage, whatever for). The stalled opportunities of a day are the sum of all changes up to it; revivals are
    counted with the stalling, once the days for it have run out.
#}
with stalls as (

    select
        spell.opportunity_key,
        spell.stage,
        spell.mean_dwell_days,
        spell.stalled_date,
        spell.left_date,
        spell.next_stage,
        deal.region,
        deal.product_line,
        {{ member('deal.employee_id') }} as employee_id,
        {{ add_days('spell.stalled_date', var('stalled_revival_days')) }} < {{ as_of_date() }} as is_decided,
        -- moved on, not lost
        coalesce(
            spell.next_stage <> 'lost'
            and spell.left_date <= {{ add_days('spell.stalled_date', var('stalled_revival_days')) }}, false
        ) as is_revived
    from {{ ref('int_opportunity_spells') }} as spell
    inner join {{ ref('fct_opportunities') }} as deal on spell.opportunity_key = deal.opportunity_key
    where spell.stalled_date is not null and spell.stalled_date <= {{ as_of_date() }}

)

select
    opportunity_key,
    stage,
    'stalled' as event,
    stalled_date as event_date,
    region,
    product_line,
    employee_id,
    mean_dwell_days,
    cast(1 as bigint) as stall_change,
    is_decided,
    is_revived,
    next_stage
from stalls

union all

select
    opportunity_key,
    stage,
    'ended' as event,
    left_date as event_date,
    region,
    product_line,
    employee_id,
    mean_dwell_days,
    cast(-1 as bigint) as stall_change,
    is_decided,
    is_revived,
    next_stage
from stalls
where left_date is not null and left_date <= {{ as_of_date() }}
