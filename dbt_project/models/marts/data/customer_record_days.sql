{#
    Grain: one row per day of receipt and source system: customer records that came on it, by today's links.
    A record is merged when an earlier record of the same customer is there; so the records that are not merged are as
    many as customers. Counts are additive; a later merge or split changes earlier days too.
#}
with

records as (
    select
        links.source_system,
        deliveries.delivery_seq,
        {{ reporting_date('deliveries.received_at') }} as received_date,
        row_number() over (
            partition by links.customer_id
            order by deliveries.delivery_seq asc nulls last, links.source_system asc, links.source_key asc
        ) as place
    from {{ ref('customer_links') }} as links
    left join {{ ref('stg_delivery') }} as deliveries on links.since_delivery_id = deliveries.delivery_id
),

final as (
    select
        received_date,
        source_system,
        count(*) as customer_records,
        {{ integer('sum(case when place > 1 then 1 else 0 end)') }} as merged_records
    from records
    where received_date is not null
    group by received_date, source_system
)

select * from final
