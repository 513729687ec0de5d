{#
    Grain: one row per customer and span of days at risk (from_date inclusive, to_date exclusive, null while it lasts).
    own_cycle: the time since the last purchase exceeds the multiple of the own median cycle, as it was then, with enough
    purchases. silent_months: neither a purchase nor an opened email for so many months, where the own cycle is long or
    unknown; it gives way to own_cycle, so that spans of a customer never overlap.
#}
with own_cycle as (

    select
        *,
        {{ add_days('purchase_date', 'floor(cycle_days * ' ~ var('at_risk_cycle_factor') ~ ') + 1') }} as late_from_date
    from {{ ref('int_purchase_cycles') }}
    where next_date is null or next_date > purchase_date

),

-- the purchase itself and every opened email until the next purchase break the silence
signals as (

    select
        customer_id,
        purchase_date,
        purchase_date as signal_date
    from own_cycle

    union

    select
        own_cycle.customer_id,
        own_cycle.purchase_date,
        opens.opened_date as signal_date
    from own_cycle
    inner join {{ ref('int_email_opens__by_customer') }} as opens
        on
            own_cycle.customer_id = opens.customer_id
            and own_cycle.purchase_date < opens.opened_date
            and coalesce(own_cycle.next_date, {{ add_days(as_of_date(), 1) }}) > opens.opened_date

),

silences as (

    select
        customer_id,
        purchase_date,
        {{ add_months('signal_date', var('at_risk_silent_months') | int) }} as silent_from_date,
        lead(signal_date) over (partition by customer_id, purchase_date order by signal_date) as next_signal_date
    from signals

),

spans as (

    select
        customer_id,
        'own_cycle' as rule,
        late_from_date as from_date,
        next_date as to_date,
        purchase_date,
        purchase_count,
        cycle_days
    from own_cycle
    where late_from_date is not null

    union all

    select
        silences.customer_id,
        'silent_months' as rule,
        silences.silent_from_date as from_date,
        least(silences.next_signal_date, own_cycle.next_date, own_cycle.late_from_date) as to_date,
        silences.purchase_date,
        own_cycle.purchase_count,
        own_cycle.cycle_days
    from silences
    inner join own_cycle
        on silences.customer_id = own_cycle.customer_id and silences.purchase_date = own_cycle.purchase_date
    where own_cycle.cycle_days is null or own_cycle.cycle_days > {{ var('at_risk_long_cycle_days') }}

)

select
    customer_id,
    rule,
    from_date,
    to_date,
    purchase_date,
    {{ integer('purchase_count') }} as purchase_count,
    cycle_days
from spans
where from_date <= {{ as_of_date() }} and (to_date is null or to_date > from_date)
