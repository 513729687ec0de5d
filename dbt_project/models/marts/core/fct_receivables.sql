-- Grain: one row per receivable and change of its balance. The change_* columns add up over everything; amount,
-- received and balance are states of one receivable and never add up over its changes. All at the rate of the day of
-- issue, so that a receivable that was paid in full balances to zero.
with

changes as (
    select
        receivable.*,
        receivable.source_system || ':' || receivable.receivable_id as receivable_key,
        coalesce(receivable.customer_system, receivable.source_system) as key_system,
        {{ reporting_date('receivable.changed_at') }} as changed_date,
        row_number() over (
            partition by receivable.source_system, receivable.receivable_id
            order by receivable.changed_at, receivable._delivery_seq, receivable._record_number
        ) as change_number,
        lag(receivable.amount) over (
            partition by receivable.source_system, receivable.receivable_id
            order by receivable.changed_at, receivable._delivery_seq, receivable._record_number
        ) as earlier_amount,
        lag(receivable.received_amount) over (
            partition by receivable.source_system, receivable.receivable_id
            order by receivable.changed_at, receivable._delivery_seq, receivable._record_number
        ) as earlier_received,
        lag(receivable.balance_amount) over (
            partition by receivable.source_system, receivable.receivable_id
            order by receivable.changed_at, receivable._delivery_seq, receivable._record_number
        ) as earlier_balance,
        lead(receivable.changed_at) over (
            partition by receivable.source_system, receivable.receivable_id
            order by receivable.changed_at, receivable._delivery_seq, receivable._record_number
        ) as next_changed_at
    from {{ ref('stg_receivable') }} as receivable
),

rated as (
    select
        changes.*,
        coalesce(
            region_word.region, nullif(trim(changes.region), ''), nullif(employee.region, '(none)'), '(none)'
        ) as sales_region,
        coalesce(employee.employee_id, changes.employee_id) as seller_id,
        employee.team,
        coalesce(tier.customer_tier, '(none)') as customer_tier,
        {{ exchange_rate('changes.currency') }} as exchange_rate
    from changes
    {{ region_word_lookup('changes.region') }}
    {{ employee_lookup('changes.employee_id', 'changes.issued_date') }}
    {{ exchange_rate_lookup('changes.currency', 'changes.issued_date') }}
    {{ customer_id_lookup('changes', 'key_system') }}
    {{ customer_tier_lookup(customer_id_column(), 'least(changes.due_date, ' ~ as_of_date() ~ ')') }}
),

final as (
    select
        receivable_key,
        receivable_id,
        {{ integer('change_number') }} as change_number,
        next_changed_at is null as is_latest,
        source_system,
        key_system as customer_system,
        source_customer_key,
        case when order_id is not null then coalesce(order_system, source_system) || ':' || order_id end as order_key,
        case when opportunity_id is not null then key_system || ':' || opportunity_id end as opportunity_key,
        contract_id,
        sales_region as region,
        seller_id as employee_id,
        team,
        customer_tier,
        coalesce(nullif(trim(credit_rating), ''), '(none)') as credit_rating,
        status,
        currency,
        exchange_rate,
        amount,
        received_amount,
        balance_amount,
        {{ at_rate('amount', 'exchange_rate') }} as reporting_amount,
        {{ at_rate('received_amount', 'exchange_rate') }} as received_reporting_amount,
        {{ at_rate('balance_amount', 'exchange_rate') }} as balance_reporting_amount,
        {{ at_rate('amount', 'exchange_rate') }} - coalesce({{ at_rate('earlier_amount', 'exchange_rate') }}, 0)
            as change_reporting_amount,
        {{ at_rate('received_amount', 'exchange_rate') }}
        - coalesce({{ at_rate('earlier_received', 'exchange_rate') }}, 0) as change_received_reporting_amount,
        {{ at_rate('balance_amount', 'exchange_rate') }}
        - coalesce({{ at_rate('earlier_balance', 'exchange_rate') }}, 0) as change_balance_reporting_amount,
        issued_date,
        due_date,
        coalesce(due_date <= {{ as_of_date() }}, false) as is_due,
        changed_at,
        changed_date,
        {{ reporting_date('next_changed_at') }} as next_changed_date,
        {{ lineage_columns('rated') }}
    from rated
)

select * from final
