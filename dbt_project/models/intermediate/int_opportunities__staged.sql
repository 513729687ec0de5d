-- Opportunities with their lead, place, stage in the default stage set, and reporting amounts at the rate of the
-- closing day (creation day while open).
with

opportunities as (
    select
        opportunity.*,
        opportunity.source_system || ':' || opportunity.opportunity_id as opportunity_key,
        {{ reporting_date('opportunity.created_at') }} as created_day,
        {{ reporting_date('opportunity.closed_at') }} as closed_date,
        coalesce(opportunity.is_won, false) as won,
        coalesce(opportunity.is_closed, false) or coalesce(opportunity.is_won, false) as closed
    from {{ ref('stg_opportunity') }} as opportunity
),

-- a lead may name its opportunity, or the opportunity its lead
leads_by_opportunity as (
    select
        source_system,
        opportunity_id,
        min(lead_id) as lead_id
    from {{ ref('stg_lead') }}
    where opportunity_id is not null
    group by source_system, opportunity_id
),

invoiced_orders as (
    select
        orders.order_id as linked_id,
        'order' as link_kind
    from {{ ref('int_orders__placed') }} as orders
    inner join opportunities
        on orders.order_id = opportunities.order_id

    union

    select
        orders.opportunity_id as linked_id,
        'opportunity' as link_kind
    from {{ ref('int_orders__placed') }} as orders
    where orders.opportunity_id is not null
),

joined as (
    select
        opportunities.*,
        coalesce(opportunities.lead_id, leads_by_opportunity.lead_id) as linked_lead_id,
        order_link.linked_id is not null or opportunity_link.linked_id is not null as has_linked_order
    from opportunities
    left join leads_by_opportunity
        on
            opportunities.source_system = leads_by_opportunity.source_system
            and opportunities.opportunity_id = leads_by_opportunity.opportunity_id
    left join invoiced_orders as order_link
        on
            opportunities.order_id = order_link.linked_id
            and order_link.link_kind = 'order'
    left join invoiced_orders as opportunity_link
        on
            opportunities.opportunity_id = opportunity_link.linked_id
            and opportunity_link.link_kind = 'opportunity'
),

placed as (
    select
        joined.*,
        coalesce(
            region_word.region,
            nullif(trim(joined.region), ''),
            nullif(customer.region, '(none)'),
            nullif({{ place_region() }}, '(none)'),
            employee.region,
            '(none)'
        ) as sales_region,
        coalesce(channel_word.channel, lower(nullif(trim(joined.channel), '')), 'direct_sales') as sales_channel,
        mapped_channel.marketing_channel,
        coalesce(employee.employee_id, joined.employee_id) as owner_id,
        employee.team,
        {{ member('coalesce(customer.industry, lead_record.industry)') }} as industry,
        case
            when joined.won then won_stage.stage
            when joined.closed then 'lost'
            else coalesce(stage_word.stage, '(none)')
        end as stage_in_set,
        lost_word.stage as lost_stage,
        coalesce(loss_word.loss_reason, lower(nullif(trim(joined.lost_reason), ''))) as known_loss_reason,
        {{ exchange_rate('joined.currency') }} as exchange_rate
    from joined
    left join {{ ref('stg_lead') }} as lead_record
        on
            joined.source_system = lead_record.source_system
            and joined.linked_lead_id = lead_record.lead_id
    left join {{ ref('int_customers__resolved') }} as customer
        on
            joined.source_system = customer.source_system
            and joined.source_customer_key = customer.source_customer_key
    {{ region_word_lookup('joined.region') }}
    {{ place_lookup('lead_record.country_code', 'lead_record.province') }}
    {{ channel_word_lookup('joined.channel') }}
    {{ marketing_channel_lookup('coalesce(joined.lead_source, lead_record.lead_source)') }}
    {{ employee_lookup('joined.employee_id', 'coalesce(joined.created_day, joined.closed_date)') }}
    {{ stage_word_lookup('joined.stage', "'" ~ var('default_stage_set') ~ "'", name='stage_word') }}
    {{ stage_word_lookup('joined.lost_from_stage', "'" ~ var('default_stage_set') ~ "'", name='lost_word') }}
    left join {{ ref('loss_reason_words') }} as loss_word
        on lower(trim(joined.lost_reason)) = loss_word.source_word
    left join {{ ref('stage_sets') }} as won_stage
        on
            won_stage.stage_set = '{{ var("default_stage_set") }}'
            and won_stage.is_won_stage
    {{ exchange_rate_lookup('joined.currency', 'coalesce(joined.closed_date, joined.created_day)') }}
),

final as (
    select
        placed.opportunity_key,
        placed.opportunity_id,
        placed.source_system,
        placed.source_customer_key,
        placed.linked_lead_id as lead_id,
        placed.order_id,
        placed.has_linked_order,
        placed.sales_region as region,
        placed.sales_channel as channel,
        {{ member('placed.product_line') }} as product_line,
        coalesce(placed.marketing_channel, '(none)') as marketing_channel,
        placed.owner_id as employee_id,
        placed.team,
        placed.industry,
        placed.stage as source_stage,
        placed.stage_in_set as stage,
        {{ integer('stages.stage_order') }} as stage_order,
        case
            when placed.won then 1.0
            when placed.closed then 0.0
            else coalesce(placed.probability, cast(stages.default_probability as double))
        end as probability,
        placed.currency,
        placed.exchange_rate,
        placed.amount,
        {{ at_rate('placed.amount', 'placed.exchange_rate') }} as reporting_amount,
        placed.cost_amount,
        {{ at_rate('placed.cost_amount', 'placed.exchange_rate') }} as cost_reporting_amount,
        placed.created_at,
        placed.expected_close_date,
        case when placed.closed then placed.closed_at end as closed_at,
        case when placed.won then placed.closed_at end as won_at,
        coalesce(placed.created_day, placed.closed_date) as created_date,
        case when placed.closed then placed.closed_date end as closed_date,
        case when placed.won then placed.closed_date end as won_date,
        placed.closed as is_closed,
        placed.won as is_won,
        placed.lost_stage as lost_from_stage,
        placed.lost_reason,
        case when placed.closed and not placed.won then {{ member('placed.known_loss_reason') }} end as loss_reason,
        placed.updated_at,
        {{ lineage_columns('placed') }}
    from placed
    left join {{ ref('stage_sets') }} as stages
        on
            stages.stage_set = '{{ var("default_stage_set") }}'
            and placed.stage_in_set = stages.stage
)

select * from final
