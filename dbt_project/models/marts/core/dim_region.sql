-- Grain: one row per place: countries, provinces or states, listed cities, and one row for unknown places.
with

countries as (
    select * from {{ ref('countries') }}
),

provinces as (
    select * from {{ ref('provinces') }}
),

cities as (
    select * from {{ ref('cities') }}
),

sales_regions as (
    select * from {{ ref('sales_regions') }}
),

places as (
    select
        country_code as region_code,
        'country' as region_level,
        country_code,
        country_name,
        cast(null as string) as province,
        cast(null as string) as province_name,
        cast(null as string) as city,
        cast(null as string) as city_tier,
        sales_region
    from countries

    union all

    select
        provinces.region_code,
        'province' as region_level,
        provinces.country_code,
        countries.country_name,
        provinces.province,
        provinces.province_name,
        cast(null as string) as city,
        cast(null as string) as city_tier,
        provinces.sales_region
    from provinces
    left join countries
        on provinces.country_code = countries.country_code

    union all

    select
        cities.region_code,
        'city' as region_level,
        provinces.country_code,
        countries.country_name,
        provinces.province,
        provinces.province_name,
        cities.city,
        cities.city_tier,
        provinces.sales_region
    from cities
    inner join provinces
        on cities.province = provinces.province
    left join countries
        on provinces.country_code = countries.country_code

    union all

    select
        '(none)' as region_code,
        'country' as region_level,
        cast(null as string) as country_code,
        cast(null as string) as country_name,
        cast(null as string) as province,
        cast(null as string) as province_name,
        cast(null as string) as city,
        cast(null as string) as city_tier,
        '(none)' as sales_region
),

final as (
    select
        places.region_code,
        places.region_level,
        places.country_code,
        places.country_name,
        places.province,
        places.province_name,
        places.city,
        places.city_tier,
        places.sales_region as region,
        sales_regions.region_name_zh,
        places.sales_region
    from places
    left join sales_regions
        on places.sales_region = sales_regions.region
)

select * from final
