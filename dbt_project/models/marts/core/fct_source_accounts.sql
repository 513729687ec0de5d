-- Grain: one row per account in a source system. Accounts are additive; people are not.
-- An account that two systems tell of is told by its own; one that is open although its employee has left is marked.
with

accounts as (
    select
        account.*,
        row_number() over (
            partition by account.account_system, account.account_id
            order by
                case when account.source_system = account.account_system then 0 else 1 end asc,
                account.updated_at desc nulls last,
                account.source_system asc
        ) as place
    from {{ ref('stg_source_account') }} as account
),

final as (
    select
        accounts.account_system || ':' || accounts.account_id as account_key,
        accounts.source_system,
        accounts.account_system,
        accounts.account_id,
        coalesce(keyed.employee_id, accounts.employee_id) as employee_id,
        coalesce(employee.team, '(none)') as team,
        coalesce(employee.region, '(none)') as region,
        {{ member('accounts.role') }} as role,
        coalesce(accounts.is_active, false) as is_active,
        accounts.last_login_at,
        {{ reporting_date('accounts.last_login_at') }} as last_login_date,
        employee.left_date,
        coalesce(accounts.is_active and employee.left_date < {{ as_of_date() }}, false) as is_open_after_leaving,
        {{ lineage_columns('accounts') }}
    from accounts
    {{ employee_lookup('accounts.employee_id', as_of_date(), name='keyed') }}
    left join {{ ref('dim_employee') }} as employee
        on
            coalesce(keyed.employee_id, accounts.employee_id) = employee.employee_id
            and employee.is_current
    where accounts.place = 1
)

select * from final
