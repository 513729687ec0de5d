-- Every combination of words by which records say what brought them, with its marketing channel: the first rule that
-- fits, by rule_order. Only distinct words meet the rules, so the cost does not grow with the sessions.
{% set social = "'" ~ var('social_marketing_channels') | join("', '") ~ "'" %}
with

rules as (
    select
        rule_order,
        word_kind,
        coalesce(source_pattern, '') as source_pattern,
        coalesce(medium_pattern, '') as medium_pattern,
        coalesce(referrer_pattern, '') as referrer_pattern,
        marketing_channel
    from {{ ref('marketing_channel_rules') }}
),

words as (
    select distinct
        'utm' as word_kind,
        {{ channel_word('utm_source') }} as source_word,
        {{ channel_word('utm_medium') }} as medium_word,
        {{ channel_word('referrer_host') }} as referrer_word
    from {{ ref('stg_web_session') }}

    union

    select distinct
        'utm' as word_kind,
        {{ channel_word('utm_source') }} as source_word,
        {{ channel_word('utm_medium') }} as medium_word,
        {{ channel_word('referrer_host') }} as referrer_word
    from {{ ref('stg_page_view') }}

    union

    select distinct
        'lead_source' as word_kind,
        {{ channel_word('lead_source') }} as source_word,
        '' as medium_word,
        '' as referrer_word
    from {{ ref('stg_lead') }}

    union

    select distinct
        'lead_source' as word_kind,
        {{ channel_word('lead_source') }} as source_word,
        '' as medium_word,
        '' as referrer_word
    from {{ ref('stg_opportunity') }}

    union

    select distinct
        'lead_source' as word_kind,
        {{ channel_word('acquired_channel') }} as source_word,
        '' as medium_word,
        '' as referrer_word
    from {{ ref('stg_customer') }}

    union

    select distinct
        'lead_source' as word_kind,
        {{ channel_word('referrer') }} as source_word,
        '' as medium_word,
        '' as referrer_word
    from {{ ref('stg_order') }}

    union

    select distinct
        'ad_platform' as word_kind,
        {{ channel_word('platform') }} as source_word,
        '' as medium_word,
        '' as referrer_word
    from {{ ref('stg_ad_performance') }}

    union

    select distinct
        'ad_platform' as word_kind,
        {{ channel_word('platform') }} as source_word,
        '' as medium_word,
        '' as referrer_word
    from {{ ref('stg_campaign') }}
),

matched as (
    select
        words.word_kind,
        words.source_word,
        words.medium_word,
        words.referrer_word,
        rules.marketing_channel,
        row_number() over (
            partition by words.word_kind, words.source_word, words.medium_word, words.referrer_word
            order by rules.rule_order
        ) as place
    from words
    inner join rules
        on
            words.word_kind = rules.word_kind
            and words.source_word like rules.source_pattern
            and words.medium_word like rules.medium_pattern
            and words.referrer_word like rules.referrer_pattern
),

social_platforms as (
    select
        matched.source_word,
        matched.referrer_word,
        platforms.platform,
        row_number() over (
            partition by matched.source_word, matched.referrer_word order by platforms.rule_order
        ) as place
    from (
        select distinct
            source_word,
            referrer_word
        from matched
        where
            word_kind = 'utm'
            and place = 1
            and marketing_channel in ({{ social }})
    ) as matched
    inner join {{ ref('social_platforms') }} as platforms
        on
            matched.source_word like platforms.source_pattern
            and matched.referrer_word like platforms.referrer_pattern
),

final as (
    select
        matched.word_kind,
        matched.source_word,
        matched.medium_word,
        matched.referrer_word,
        matched.marketing_channel,
        social_platforms.platform as social_platform
    from matched
    left join social_platforms
        on
            matched.word_kind = 'utm'
            and matched.marketing_channel in ({{ social }})
            and matched.source_word = social_platforms.source_word
            and matched.referrer_word = social_platforms.referrer_word
            and social_platforms.place = 1
    where matched.place = 1
)

select * from final
