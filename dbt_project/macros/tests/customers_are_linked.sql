{# Records that name a customer whom customer_links does not know. #}
{% test customers_are_linked(model, system_column='source_system') %}
select distinct
    fact.{{ system_column }} as source_system,
    fact.source_customer_key
from {{ model }} as fact
left join {{ ref('customer_links') }} as link
    on
        fact.{{ system_column }} = link.source_system
        and fact.source_customer_key = link.source_key
where fact.source_customer_key is not null and link.customer_id is null
{% endtest %}
