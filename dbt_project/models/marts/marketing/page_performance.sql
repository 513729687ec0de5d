{#
    Grain: one row per day, page, marketing channel and device. Views, seconds, entries and exits add up; visitors,
    sessions and converted sessions do not: a session sees several pages.
#}
with views as (

    select
        view.viewed_date,
        view.page,
        view.marketing_channel,
        view.device,
        view.visitor_token,
        view.next_page,
        view.is_exit,
        view.seconds,
        view.source_system || ':' || view.session_id as session_key,
        session.has_payment,
        session.has_form,
        coalesce(session.landing_page = view.page, false) as is_landing_page
    from {{ ref('fct_page_views') }} as view
    left join {{ ref('fct_sessions') }} as session
        on
            view.source_system = session.source_system
            and view.session_id = session.session_id
    where view.viewed_date is not null

),

next_steps as (

    select
        viewed_date,
        page,
        marketing_channel,
        device,
        next_page,
        count(*) as step_count,
        row_number() over (
            partition by viewed_date, page, marketing_channel, device order by count(*) desc, next_page asc
        ) as place
    from views
    where next_page is not null
    group by 1, 2, 3, 4, 5

),

pages as (

    select
        viewed_date,
        page,
        marketing_channel,
        device,
        {{ integer('count(*)') }} as view_count,
        {{ integer('count(distinct visitor_token)') }} as visitor_count,
        {{ integer('count(distinct session_key)') }} as session_count,
        {{ integer('count(distinct case when is_landing_page then session_key end)') }} as landed_sessions,
        {{ integer('sum(case when is_exit then 1 else 0 end)') }} as exit_count,
        cast(sum(cast(coalesce(seconds, 0) as decimal(18, 3))) as double) as seconds_on_page,
        {{ integer('count(seconds)') }} as timed_view_count,
        {{ integer('count(distinct case when has_payment then session_key end)') }} as paid_sessions,
        {{ integer('count(distinct case when has_form then session_key end)') }} as form_sessions
    from views
    group by 1, 2, 3, 4

)

select
    pages.viewed_date,
    pages.page,
    pages.marketing_channel,
    pages.device,
    pages.view_count,
    pages.visitor_count,
    pages.session_count,
    pages.landed_sessions,
    pages.exit_count,
    pages.seconds_on_page,
    pages.timed_view_count,
    pages.paid_sessions,
    pages.form_sessions,
    next_steps.next_page as most_frequent_next_page,
    {{ integer('coalesce(next_steps.step_count, 0)') }} as most_frequent_next_page_views,
    cast(pages.exit_count as double) / nullif(pages.view_count, 0) as exit_rate,
    pages.seconds_on_page / nullif(pages.timed_view_count, 0) as mean_seconds_on_page
from pages
left join next_steps
    on
        pages.viewed_date = next_steps.viewed_date
        and pages.page = next_steps.page
        and pages.marketing_channel = next_steps.marketing_channel
        and pages.device = next_steps.device
        and next_steps.place = 1
