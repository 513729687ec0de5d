{#
    Grain: one row per mention: a text and a brand that it names. Mentions, reach and costs add up (reach counts readers
    again for each text); authors do not. sentiment is a mean's summand: average it, never add it up alone.
    Texts stay in the lake: published is how they were judged.
#}
with

mentions as (
    select * from {{ ref('stg_mention') }}
),

judged as (
    select
        mentions.*,
        coalesce(mentions.is_own_brand, own_brands.brand_word is not null) as is_own,
        texts.text_sentiment,
        {% if var('sentiment_text_first') %}
            coalesce(texts.text_sentiment, mentions.sentiment)
        {% else %}
            coalesce(mentions.sentiment, texts.text_sentiment)
        {% endif %} as judgement
    from mentions
    left join {{ ref('int_own_brands') }} as own_brands on lower(trim(mentions.brand)) = own_brands.brand_word
    left join {{ ref('int_mention_texts__judged') }} as texts on md5(mentions.content) = texts.text_hash
),

final as (
    select
        judged.source_system,
        judged.platform,
        judged.mention_id,
        {{ member('judged.brand') }} as brand,
        judged.is_own as is_own_brand,
        {{ member('judged.topic') }} as topic,
        judged.author_token,
        judged.author_mask,
        judged.author_followers,
        {{ member('judged.content_type') }} as content_type,
        judged.reshare_of_id,
        judged.mentioned_at,
        {{ reporting_date('judged.mentioned_at') }} as mentioned_date,
        judged.answered_at,
        case
            when judged.answered_at >= judged.mentioned_at
                then {{ elapsed_days('judged.mentioned_at', 'judged.answered_at') }} * 24
        end as answer_hours,
        judged.reach,
        judged.likes,
        judged.comments,
        judged.shares,
        judged.judgement as sentiment,
        judged.text_sentiment,
        judged.sentiment as source_sentiment,
        case
            when judged.judgement >= {{ var('sentiment_positive_from') }} then 'positive'
            when judged.judgement <= {{ var('sentiment_negative_to') }} then 'negative'
            when judged.judgement is not null then 'neutral'
        end as sentiment_class,
        judged.paid_amount,
        judged.currency,
        {{ at_rate('judged.paid_amount', exchange_rate('judged.currency')) }} as paid_reporting_amount,
        judged.utm_campaign,
        coalesce(region_word.region, province.sales_region, '(none)') as region,
        {{ lineage_columns('judged') }}
    from judged
    {{ exchange_rate_lookup('judged.currency', reporting_date('judged.mentioned_at')) }}
    {{ region_word_lookup('judged.region') }}
    left join {{ ref('provinces') }} as province on judged.region = province.province
)

select * from final
