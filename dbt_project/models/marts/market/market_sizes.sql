{#
    Grain: one row per month, level (whole, region, product_line) and its member, for which a market size is known: its
    size beside own revenue. Sizes and revenue add up over months and within a level, never over levels. A stated size
    comes before a sum of parts. Money in the reporting currency.
#}
with stated as (

    select
        month_start,
        region,
        product_line,
        avg(month_value) as market_size
    from {{ ref('int_market__months') }}
    where measure in ('market_size', 'segment_size') and brand is null and price_band is null
    group by 1, 2, 3

),

-- product lines that have a new product in the month: their market is what new products are measured by
new_lines as (

    select distinct
        stated.month_start,
        stated.product_line
    from stated
    inner join {{ ref('dim_product') }} as product
        on
            stated.product_line = product.product_line
            and {{ add_months('stated.month_start', 1) }} > product.launch_date
            and stated.month_start < {{ add_months('product.launch_date', var('new_product_months') | int) }}

),

sizes as (

    {% for level, member in {'region': 'region', 'product_line': 'product_line'}.items() %}
        select
            stated.month_start,
            '{{ level }}' as level,
            stated.{{ member }} as member,
            coalesce(
                max(
                    case
                        when stated.{{ 'product_line' if level == 'region' else 'region' }} is null
                            then stated.market_size
                    end
                ),
                sum(stated.market_size)
            ) as market_size,
            coalesce(
                {% if level == 'product_line' %}
                    max(
                        case
                            when stated.region is null and new_lines.product_line is not null
                                then stated.market_size
                        end
                    ),
                {% endif %}
                sum(case when new_lines.product_line is not null then stated.market_size end)
            ) as new_segment_size
        from stated
        left join new_lines
            on stated.month_start = new_lines.month_start and stated.product_line = new_lines.product_line
        where stated.{{ member }} is not null
        group by 1, 2, 3

        union all

    {% endfor %}
    select
        month_start,
        'whole' as level,
        '(all)' as member,
        market_size,
        cast(null as double) as new_segment_size
    from stated
    where region is null and product_line is null

),

-- the whole where nobody states it: its product lines, else its regions; the segments of new products likewise
wholes as (

    select
        month_start,
        max(case when level = 'whole' then market_size end) as stated_size,
        sum(case when level = 'product_line' then market_size end) as size_of_lines,
        sum(case when level = 'region' then market_size end) as size_of_regions,
        sum(case when level = 'product_line' then new_segment_size end) as new_segment_size
    from sizes
    group by 1

),

levels as (

    select
        month_start,
        level,
        member,
        market_size,
        new_segment_size
    from sizes
    where level <> 'whole'

    union all

    select
        month_start,
        'whole' as level,
        '(all)' as member,
        coalesce(stated_size, size_of_lines, size_of_regions) as market_size,
        new_segment_size
    from wholes

),

own as (

    {% for level, member in {'whole': "'(all)'", 'region': 'region', 'product_line': 'product_line'}.items() %}
        select
            month_start,
            '{{ level }}' as level,
            {{ member }} as member,
            sum(own_revenue) as own_revenue,
            sum(new_product_revenue) as new_product_revenue
        from {{ ref('int_market__own_months') }}
        group by 1, 2, 3
        {{ 'union all' if not loop.last }}

    {% endfor %}

)

select
    levels.month_start,
    levels.level,
    levels.member,
    case when levels.level = 'region' then levels.member else '(all)' end as region,
    case when levels.level = 'product_line' then levels.member else '(all)' end as product_line,
    {{ money('levels.market_size') }} as market_size,
    {{ money('levels.new_segment_size') }} as new_segment_size,
    {{ money('coalesce(own.own_revenue, 0)') }} as own_revenue,
    {{ money('coalesce(own.new_product_revenue, 0)') }} as new_product_revenue
from levels
left join own
    on
        levels.month_start = own.month_start
        and levels.level = own.level
        and levels.member = own.member
where levels.month_start <= {{ as_of_date() }}
