{# Grain: one row per paid order of a known customer. What customer KPIs count. #}
select
    head.order_key,
    {{ customer_id_column() }},
    head.paid_date,
    head.ordered_at,
    head.region,
    head.channel,
    head.marketing_channel,
    coalesce(head.net_reporting_amount, 0) as order_reporting_amount
from {{ ref('fct_orders') }} as head
{{ customer_id_lookup('head') }}
where head.is_paid_order and head.paid_date is not null and {{ customer_id_column() }} is not null
    and head.paid_date <= {{ as_of_date() }}
