-- Leads with their score (stated, else by size, industry, budget, authority and time frame), grade, place and channel.
{% set industries = var('lead_score_target_industries') %}
with

filled as (
    select
        source_system,
        record_key,
        {{ filled_text('industry') }} as imputed_industry,
        cast(round({{ filled_number('employee_count') }}) as bigint) as imputed_employee_count
    from {{ ref('int_values__imputed') }}
    where entity = 'lead'
    group by source_system, record_key
),

leads as (
    select
        lead_record.*,
        coalesce(nullif(trim(lead_record.industry), ''), filled.imputed_industry) as known_industry,
        coalesce(lead_record.employee_count, filled.imputed_employee_count) as known_employee_count,
        coalesce(filled.imputed_industry, cast(filled.imputed_employee_count as string)) is not null
            as has_imputed_values,
        lead_record.source_system || ':' || lead_record.lead_id as lead_key,
        {{ reporting_date('lead_record.created_at') }} as created_date
    from {{ ref('stg_lead') }} as lead_record
    left join filled
        on
            lead_record.source_system = filled.source_system
            and lead_record.lead_id = filled.record_key
),

pointed as (
    select
        leads.*,
        case
            when
                employee_count is not null
                or industry is not null
                or has_budget is not null
                or is_decision_maker is not null
                or purchase_months is not null
                then cast(
                        case
                            when known_employee_count >= {{ var('lead_score_company_size') }}
                                then {{ var('lead_score_company_size_points') }}
                            else 0
                        end
                        + case
                            when
                                lower(trim(known_industry)) in ('{{ industries | map("lower") | join("', '") }}') -- noqa: LT05
                                then {{ var('lead_score_industry_points') }}
                            else 0
                        end
                        + case when has_budget then {{ var('lead_score_budget_points') }} else 0 end
                        + case when is_decision_maker then {{ var('lead_score_authority_points') }} else 0 end
                        + case
                            when purchase_months <= {{ var('lead_score_time_frame_months') }}
                                then {{ var('lead_score_time_frame_points') }}
                            else 0
                        end
                        as double
                    )
        end as computed_score
    from leads
),

placed as (
    select
        pointed.*,
        coalesce(pointed.score, pointed.computed_score) as lead_score,
        coalesce(
            nullif({{ place_region() }}, '(none)'), nullif(customer.region, '(none)'), employee.region, '(none)'
        ) as region,
        coalesce(employee.employee_id, pointed.employee_id) as assignee_id,
        coalesce(mapped_channel.marketing_channel, '(none)') as marketing_channel
    from pointed
    {{ place_lookup('pointed.country_code', 'pointed.province') }}
    left join {{ ref('int_customers__resolved') }} as customer
        on
            pointed.source_system = customer.source_system
            and pointed.source_customer_key = customer.source_customer_key
    {{ marketing_channel_lookup('pointed.lead_source') }}
    {{ employee_lookup('pointed.employee_id', 'pointed.created_date') }}
),

final as (
    select
        lead_key,
        lead_id,
        source_system,
        source_customer_key,
        region,
        assignee_id as employee_id,
        marketing_channel,
        replace(lower(trim(lead_source)), ' ', '_') as lead_source,
        campaign_id,
        landing_page,
        {{ member('known_industry') }} as industry,
        has_imputed_values,
        status,
        lead_score as score,
        score is null and computed_score is not null as is_score_computed,
        case
            when lead_score >= {{ var('lead_grade_a_score') }} then 'A'
            when lead_score >= {{ var('lead_qualified_score') }} then 'B'
            when lead_score is not null then 'C'
        end as grade,
        coalesce(is_valid, true) as is_valid,
        is_accepted as is_stated_accepted,
        referrer_customer_key,
        opportunity_id,
        created_at,
        graded_at,
        assigned_at,
        first_contacted_at,
        followed_up_at,
        converted_at,
        created_date,
        {{ lineage_columns('placed') }}
    from placed
)

select * from final
