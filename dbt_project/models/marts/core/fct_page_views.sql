{#
    Grain: one row per page view. Views and seconds add up; visitors and sessions do not.
    The next page and the end of a session are the source's where it says them, else the order of the session's views.
#}
with

told as (
    select
        view.*,
        false as is_ordered_here
    from {{ ref('stg_page_view') }} as view
    where view.is_exit is not null or view.session_id is null
),

ordered as (
    select
        view.*,
        true as is_ordered_here,
        lead(view.page) over (
            partition by view.source_system, view.session_id order by view.viewed_at, view.view_id
        ) as page_after
    from {{ ref('stg_page_view') }} as view
    where view.is_exit is null and view.session_id is not null
),

views as (
    select
        *,
        cast(null as string) as page_after
    from told
    union all
    select * from ordered
),

final as (
    select
        views.view_id,
        views.source_system,
        views.customer_system,
        views.source_customer_key,
        views.session_id,
        views.visitor_token,
        coalesce(session.marketing_channel, words.marketing_channel, '(none)') as marketing_channel,
        session.campaign_id,
        coalesce(nullif(trim(views.device), ''), session.device, '(none)') as device,
        {{ member('views.page') }} as page,
        views.page_title,
        case when views.is_ordered_here then views.page_after else views.next_page end as next_page,
        case when views.is_ordered_here then views.page_after is null else views.is_exit end as is_exit,
        views.viewed_at,
        {{ reporting_date('views.viewed_at') }} as viewed_date,
        views.seconds,
        views.scroll_share,
        {{ lineage_columns('views') }}
    from views
    left join {{ ref('fct_sessions') }} as session
        on
            views.source_system = session.source_system
            and views.session_id = session.session_id
    left join {{ ref('int_marketing_channels__mapped') }} as words
        on
            words.word_kind = 'utm'
            and {{ channel_word('views.utm_source') }} = words.source_word
            and {{ channel_word('views.utm_medium') }} = words.medium_word
            and {{ channel_word('views.referrer_host') }} = words.referrer_word
)

select * from final
