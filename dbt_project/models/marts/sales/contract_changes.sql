{#
    Grain: one row per signed contract and change: it became active, or it left (ended as agreed, or was broken). The
    change columns add up over everything; contracts active on a day are the sum of all changes up to it.
#}
with contracts as (

    select
        contract_key,
        customer_system,
        source_customer_key,
        region,
        employee_id,
        customer_tier,
        product_line,
        reporting_amount,
        is_renewed,
        coalesce(start_date, signed_date) as first_date,
        case
            when is_defaulted
                then coalesce(defaulted_date, {{ reporting_date('updated_at') }}, end_date)
        end as broken_date,
        end_date
    from {{ ref('fct_contracts') }}
    where is_signed

),

-- a contract that was broken before its last day did not end as agreed
leaving as (

    select
        *,
        coalesce(broken_date <= coalesce(end_date, broken_date), false) as is_broken,
        greatest(least(broken_date, end_date), first_date) as last_date
    from contracts

),

changes as (

    select
        first_date as change_date,
        'entered' as change_kind,
        leaving.*
    from leaving

    union all

    -- on its last day a contract was still active in the period, and is no more at the day's end
    select
        last_date as change_date,
        case when is_broken then 'defaulted' else 'ended' end as change_kind,
        leaving.*
    from leaving
    where last_date is not null

)

select
    change_date,
    change_kind,
    contract_key,
    customer_system,
    source_customer_key,
    region,
    employee_id,
    customer_tier,
    product_line,
    {{ integer("case when change_kind = 'entered' then 1 else -1 end") }} as active_change,
    {{ integer("case when change_kind = 'entered' then 0 else 1 end") }} as left_contracts,
    {{ integer("case when change_kind = 'defaulted' then 1 else 0 end") }} as defaulted_contracts,
    {{ integer("case when change_kind = 'ended' then 1 else 0 end") }} as ended_contracts,
    {{ integer("case when change_kind = 'ended' and is_renewed then 1 else 0 end") }} as renewed_contracts,
    {{ money("case when change_kind = 'entered' then reporting_amount else -reporting_amount end") }}
        as active_change_reporting_amount
from changes
where change_date <= {{ as_of_date() }}
