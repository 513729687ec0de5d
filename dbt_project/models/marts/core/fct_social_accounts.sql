{#
    Grain: one row per own account and day. Followers are a state: add up net_new_followers, never followers.
    follower_change adds up to the followers of a day: an account's first row brings all that it had.
#}
with

counted as (
    select
        account.*,
        lag(account.followers) over (
            partition by account.source_system, account.platform, account.account order by account.snapshot_date
        ) as earlier_followers,
        row_number() over (
            partition by account.source_system, account.platform, account.account order by account.snapshot_date
        ) as place
    from {{ ref('stg_social_account') }} as account
    where account.followers is not null

    union all

    -- an export that tells changes only: the followers themselves stay unknown
    select
        account.*,
        cast(null as bigint) as earlier_followers,
        cast(null as bigint) as place
    from {{ ref('stg_social_account') }} as account
    where account.followers is null
),

changed as (
    select
        *,
        coalesce(
            followers - earlier_followers,
            coalesce(new_followers, 0) - coalesce(lost_followers, 0)
        ) as net_new_followers
    from counted
),

final as (
    select
        source_system,
        platform,
        {{ member('account') }} as account,
        snapshot_date,
        followers,
        {{ integer('new_followers') }} as new_followers,
        {{ integer('lost_followers') }} as lost_followers,
        {{ integer('net_new_followers') }} as net_new_followers,
        {{ integer('case when place = 1 then followers when followers is not null then net_new_followers end') }}
            as follower_change,
        impressions,
        page_visits,
        page_visitors,
        {{ lineage_columns('changed') }}
    from changed
)

select * from final
