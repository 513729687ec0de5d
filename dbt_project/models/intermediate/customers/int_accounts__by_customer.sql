{# Grain: one row per customer of whom a CRM keeps an account: what it states beyond the customer record, as of now. #}
select
    {{ customer_id_column() }},
    max(account.industry_growth) as industry_growth,
    {{ any_true('account.has_expansion_plan') }} as has_expansion_plan,
    {{ any_true('account.is_key_account') }} as is_key_account,
    min(account.success_employee_id) as success_employee_id,
    max(case account.cooperation_depth when 'high' then 1 when 'medium' then 0 when 'low' then -1 end)
        as depth_points,
    max(case account.purchase_potential when 'high' then 1 when 'medium' then 0 when 'low' then -1 end)
        as potential_points,
    max(
        case
            when
                account.industry_growth is not null or account.has_expansion_plan is not null
                or account.cooperation_depth is not null or account.purchase_potential is not null
                then 1
            else 0
        end
    ) = 1 as is_stated
from {{ ref('stg_account') }} as account
{{ customer_id_lookup('account') }}
where {{ customer_id_column() }} is not null
group by 1
