-- Refunds by order line. A refund of a whole order is spread over the order's product lines that are no returns, by net
-- amount (evenly where they are worth nothing); differences of rounded running sums make the parts add up exactly.
with

refunds as (
    select * from {{ ref('int_refunds__unified') }}
),

sold_lines as (
    select * from {{ ref('int_order_lines__priced') }}
    where is_product_sale and not is_negative and not is_cancelled
),

whole_order as (
    select
        refunds.refund_key,
        sold_lines.line_number,
        refunds.amount,
        refunds.reporting_amount,
        case
            when sum(sold_lines.net_amount) over (partition by refunds.refund_key) > 0
                then sold_lines.net_amount
            else cast(1 as decimal(18, 4))
        end as weight
    from refunds
    inner join sold_lines
        on refunds.order_key = sold_lines.order_key
    where refunds.line_number is null
),

running as (
    select
        whole_order.*,
        sum(weight) over (partition by refund_key order by line_number rows unbounded preceding) as running_weight,
        sum(weight) over (partition by refund_key) as total_weight
    from whole_order
),

parts as (
    select
        refund_key,
        line_number,
        {{ money(spread('amount', 'running_weight', 'weight', 'total_weight')) }} as amount,
        {{ money(spread('reporting_amount', 'running_weight', 'weight', 'total_weight')) }} as reporting_amount
    from running
),

by_line as (
    select
        refunds.refund_key,
        coalesce(parts.line_number, refunds.line_number) as line_number,
        coalesce(parts.amount, refunds.amount) as part_amount,
        case when parts.refund_key is null then refunds.reporting_amount else parts.reporting_amount end
            as part_reporting_amount
    from refunds
    left join parts
        on refunds.refund_key = parts.refund_key
),

final as (
    select
        by_line.refund_key,
        refunds.order_key,
        refunds.order_id,
        by_line.line_number,
        refunds.source_system,
        refunds.source_customer_key,
        refunds.refund_kind,
        coalesce(line.product_id, refunds.product_id) as product_id,
        coalesce(line.product_line, '(none)') as product_line,
        refunds.channel,
        refunds.region,
        refunds.employee_id,
        line.team,
        line.store_id,
        refunds.refunded_at,
        refunds.refunded_date,
        by_line.part_amount as amount,
        by_line.part_reporting_amount as reporting_amount,
        refunds.cost_reporting_amount,
        refunds.quantity,
        refunds.is_counted
    from by_line
    inner join refunds
        on by_line.refund_key = refunds.refund_key
    left join {{ ref('int_order_lines__priced') }} as line
        on
            refunds.order_key = line.order_key
            and by_line.line_number = line.line_number
)

select * from final
