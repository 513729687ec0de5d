-- Grain: one row per own brand, lower case: those of the setting own_brands, and every brand that a source calls own.
select distinct lower(trim(brand)) as brand_word
from {{ ref('stg_mention') }}
where is_own_brand and brand is not null
{% for brand in var('own_brands') %}
    union
    select '{{ brand | lower | replace("'", "''") }}' as brand_word
{% endfor %}
