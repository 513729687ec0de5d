{# Grain: one row per device at a customer, as last reported. Devices in use do not add up over days. #}
with devices as (

    select
        device.*,
        device.source_system || ':' || device.device_id as device_key,
        coalesce(device.customer_system, device.source_system) as customer_of_system
    from {{ ref('stg_device') }} as device

)

select
    devices.device_key,
    devices.device_id,
    devices.source_system,
    devices.customer_of_system as customer_system,
    devices.source_customer_key,
    {{ member('devices.model') }} as model,
    devices.product_id,
    {{ member('coalesce(product.product_line, devices.product_line)') }} as product_line,
    devices.order_id,
    coalesce(
        region_word.region,
        nullif(trim(devices.region), ''),
        nullif({{ place_region() }}, '(none)'),
        nullif(customer.region, '(none)'),
        '(none)'
    ) as region,
    devices.province,
    devices.city,
    devices.firmware,
    devices.status,
    devices.active_from,
    devices.active_to,
    {{ reporting_date('devices.active_from') }} as active_from_date,
    {{ reporting_date('devices.active_to') }} as active_to_date,
    {{ lineage_columns('devices') }}
from devices
left join {{ ref('int_customers__resolved') }} as customer
    on
        devices.customer_of_system = customer.source_system
        and devices.source_customer_key = customer.source_customer_key
left join {{ ref('dim_product') }} as product on devices.product_id = product.product_id
{{ region_word_lookup('devices.region') }}
{{ place_lookup("cast(null as string)", 'devices.province') }}
