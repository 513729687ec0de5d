"""Own posts and accounts, what others say, communities, and visits that social media bring."""

from __future__ import annotations

import pandas as pd
import yaml

from tests.integration.reconciled.frames import (
    GRAINS,
    KEYS,
    NONE,
    Facts,
    counted,
    independent,
    period_start,
    ratio,
    summed,
)
from tests.support import PROJECT

POSTS = "own posts, by day of the counts"
MENTIONS = "mentions"
COMMUNITIES = "community activity, customer links, paid orders"
COUNTED = "snapshot_date"
SAID = "mentioned_date"
TOPIC = {"platform": "platform", "topic": "topic"}
BRAND = {**TOPIC, "brand": "brand"}


def setting(name: str) -> list[str]:
    """A list of the project's settings."""
    project = yaml.safe_load((PROJECT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    return list(project["vars"][name])


def posts(facts: Facts) -> pd.DataFrame:
    return facts["core.fct_social_posts"]


@independent("engagement_rate", POSTS)
def engagement_rate(facts: Facts) -> pd.DataFrame:
    rows, by = posts(facts), {"platform": "platform", "content_type": "content_type"}
    rows = rows[rows["new_impressions"].notna()]
    parts = ["new_likes", "new_comments", "new_shares", "new_saves"]
    rows = rows.assign(engagements=rows[parts].fillna(0).sum(axis=1))
    return ratio(summed(rows, COUNTED, by, "engagements"), summed(rows, COUNTED, by, "new_impressions"))


@independent("share_rate", POSTS)
def share_rate(facts: Facts) -> pd.DataFrame:
    rows, by = posts(facts), {"platform": "platform", "content_type": "content_type"}
    rows = rows[rows["new_impressions"].notna()]
    return ratio(summed(rows, COUNTED, by, "new_shares"), summed(rows, COUNTED, by, "new_impressions"))


@independent("video_completion_rate", POSTS)
def video_completion_rate(facts: Facts) -> pd.DataFrame:
    rows = posts(facts)
    rows = rows[rows["new_completed_plays"].notna()]
    return ratio(
        summed(rows, COUNTED, ["platform"], "new_completed_plays"), summed(rows, COUNTED, ["platform"], "new_plays")
    )


@independent("follower_growth_rate", "own accounts' followers by day")
def follower_growth_rate(facts: Facts) -> pd.DataFrame:
    """Followers at the start are those at the end without the ones the period brought; the end is each account's last
    count up to it."""
    rows = facts["core.fct_social_accounts"]
    rows = rows[rows["followers"].notna() & rows[COUNTED].notna()].assign(day=lambda f: pd.to_datetime(f[COUNTED]))
    days = pd.date_range(rows["day"].min(), pd.Timestamp(facts.as_of))
    accounts = rows.sort_values("day").groupby(["source_system", "platform", "account"])
    closing = pd.DataFrame({name: one.set_index("day")["followers"].reindex(days).ffill() for name, one in accounts})
    closing.columns = closing.columns.get_level_values(1)
    groups = {("total", "all"): closing.sum(axis=1)}
    groups |= {("platform", str(name)): closing.loc[:, closing.columns == name].sum(axis=1) for name in set(closing)}
    gained = summed(rows, "day", ["platform"], "net_new_followers").set_index(KEYS)["value"]
    parts = []
    for (dimension, member), state in groups.items():
        for grain in GRAINS:
            at_end = state.groupby(period_start(pd.Series(days, index=days), grain)).last()
            net = gained.xs((grain, dimension, member), level=("grain", "dimension", "member")).reindex(at_end.index)
            at_start = at_end - net.fillna(0)
            value = net.fillna(0) / at_start.where(at_start != 0)
            parts.append(value.rename_axis("period_start").rename("value").reset_index())
            parts[-1] = parts[-1].assign(grain=grain, dimension=dimension, member=member)
    return pd.concat(parts, ignore_index=True)[[*KEYS, "value"]]


def mentions(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_mentions"]
    return rows.assign(one=1, is_negative=(rows["sentiment_class"] == "negative").astype(int))


@independent("brand_mentions", MENTIONS)
def brand_mentions(facts: Facts) -> pd.DataFrame:
    rows = mentions(facts)
    return summed(rows[rows["is_own_brand"]], SAID, TOPIC, "one")


@independent("negative_mention_share", MENTIONS)
def negative_mention_share(facts: Facts) -> pd.DataFrame:
    rows = mentions(facts)
    return ratio(summed(rows, SAID, BRAND, "is_negative"), summed(rows, SAID, BRAND, "one"))


@independent("sentiment_score", MENTIONS)
def sentiment_score(facts: Facts) -> pd.DataFrame:
    rows = mentions(facts)
    rows = rows[rows["sentiment"].notna()]
    return ratio(summed(rows, SAID, BRAND, "sentiment"), summed(rows, SAID, BRAND, "one"))


@independent("topic_participation", MENTIONS)
def topic_participation(facts: Facts) -> pd.DataFrame:
    rows = mentions(facts)
    return counted(rows[rows["topic"].notna() & (rows["topic"] != NONE)], SAID, TOPIC, "author_token")


@independent("social_visit_conversion_rate", "web sessions")
def social_visit_conversion_rate(facts: Facts) -> pd.DataFrame:
    rows, by = facts["core.fct_sessions"], {"platform": "social_platform"}
    rows = rows[rows["marketing_channel"].isin(setting("social_marketing_channels"))]
    reached = rows[rows["has_payment"] | rows["has_form"]]
    return ratio(counted(reached, "started_date", by, "session_id"), counted(rows, "started_date", by, "session_id"))


def active_customers(facts: Facts) -> pd.DataFrame:
    """One row per customer, platform and month of activity; customer_id by the links."""
    rows = facts["core.fct_community_activity"]
    rows = rows[rows["is_active"] & rows["is_customer"]].drop(columns=["source_system", "customer_id"], errors="ignore")
    rows = rows.rename(columns={"customer_system": "source_system"})
    rows = rows.merge(facts.links, on=["source_system", "source_customer_key"], how="left")
    return rows.assign(month=period_start(rows["activity_date"], "month"))


@independent("community_active_customers", "community activity, customer links")
def community_active_customers(facts: Facts) -> pd.DataFrame:
    return counted(active_customers(facts), "activity_date", ["platform"], "customer_id", grains=["month"])


@independent("community_conversion_rate", COMMUNITIES)
def community_conversion_rate(facts: Facts) -> pd.DataFrame:
    active, orders = active_customers(facts), facts["core.fct_orders"]
    orders = orders[orders["is_paid_order"]].drop(columns="customer_id", errors="ignore")
    orders = orders.merge(facts.links, on=["source_system", "source_customer_key"])
    orders["month"] = period_start(orders["paid_date"], "month")
    bought = active.merge(orders[["customer_id", "month"]].drop_duplicates(), on=["customer_id", "month"])
    return ratio(
        counted(bought, "activity_date", ["platform"], "customer_id", grains=["month"]),
        counted(active, "activity_date", ["platform"], "customer_id", grains=["month"]),
    )
