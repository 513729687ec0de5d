{#
    Grain: one row per day and opportunity that was open at its end, over the days that pipeline_history_days keeps.
    Nothing is additive over days; within a day amounts, weighted and expected amounts are. The win probability is the
    share of deals won that stood in the same stage at the same age, known before the month.
#}
{% set bands = var('win_probability_age_bands') %}
with days as (

    select
        date_day,
        month_start_date as month_start
    from {{ ref('dim_date') }}
    where
        date_day <= {{ as_of_date() }}
        and date_day > {{ add_days(as_of_date(), -(var('pipeline_history_days') | int)) }}

),

contacts as (

    select
        opportunity_key,
        activity_date as contact_date,
        lead(activity_date) over (partition by opportunity_key order by activity_date) as next_contact_date
    from (
        select distinct
            coalesce(activity.opportunity_key, link.opportunity_key) as opportunity_key,
            activity.activity_date
        from {{ ref('fct_activities') }} as activity
        left join {{ ref('int_leads__linked') }} as link on activity.lead_key = link.lead_key
        where activity.is_done and activity.activity_kind <> 'record_update'
    ) as contact_days
    where opportunity_key is not null

),

open_days as (

    select
        days.date_day as pipeline_date,
        days.month_start,
        spell.*,
        {{ days_between('spell.entered_date', 'days.date_day') }} as stage_age_days,
        contacts.contact_date as last_contact_date
    from {{ ref('int_opportunity_spells') }} as spell
    inner join days
        on spell.entered_date <= days.date_day and (spell.left_date is null or spell.left_date > days.date_day)
    left join contacts
        on
            spell.opportunity_key = contacts.opportunity_key
            and days.date_day >= contacts.contact_date
            and (contacts.next_contact_date is null or days.date_day < contacts.next_contact_date)

),

banded as (

    select
        *,
        case
            {% for band in bands | reverse %}
                when stage_age_days >= mean_dwell_days * {{ band }} then {{ bands | length - loop.index0 }}
            {% endfor %}
            else 1
        end as age_band
    from open_days

),

priced as (

    select
        banded.*,
        deal.source_system,
        deal.source_customer_key,
        deal.region,
        deal.product_line,
        deal.marketing_channel,
        deal.employee_id,
        deal.team,
        deal.expected_close_date,
        coalesce(banded.last_contact_date, deal.created_date, banded.entered_date) as silent_since_date,
        case
            when banded.left_at is null then coalesce(deal.reporting_amount, banded.entry_reporting_amount)
            else coalesce(banded.entry_reporting_amount, deal.reporting_amount)
        end as reporting_amount,
        case
            when banded.left_at is null then coalesce(deal.probability, banded.default_probability)
            else banded.default_probability
        end as stage_probability,
        learned.win_probability,
        learned.deal_count
    from banded
    inner join {{ ref('fct_opportunities') }} as deal on banded.opportunity_key = deal.opportunity_key
    left join {{ ref('int_win_probabilities') }} as learned
        on
            banded.month_start = learned.month_start
            and banded.stage = learned.stage
            and banded.age_band = learned.age_band

)

select
    pipeline_date,
    opportunity_key,
    source_system,
    source_customer_key,
    region,
    product_line,
    marketing_channel,
    {{ member('employee_id') }} as employee_id,
    team,
    stage,
    stage_order,
    entered_date,
    {{ integer('stage_age_days') }} as stage_age_days,
    mean_dwell_days,
    stalled_date,
    coalesce(stalled_date <= pipeline_date, false) as is_stalled,
    last_contact_date,
    {{ integer(days_between('silent_since_date', 'pipeline_date')) }} as silence_days,
    expected_close_date,
    coalesce(expected_close_date < pipeline_date, false) as is_past_expected_close,
    {{ money('reporting_amount') }} as reporting_amount,
    stage_probability,
    {{ money('reporting_amount * stage_probability') }} as weighted_reporting_amount,
    win_probability,
    {{ integer('deal_count') }} as learned_from_deals,
    {{ money('reporting_amount * win_probability') }} as expected_reporting_amount
from priced
