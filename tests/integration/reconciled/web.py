"""Visits of the web site and the app: sessions, page views, visitors; e-mail. Not here: social media (`social.py`)."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import Facts, counted, independent, ratio, summed

SESSIONS = "web sessions"
DAY = "started_date"
CHANNEL = {"marketing_channel": "marketing_channel"}
CAMPAIGN = {**CHANNEL, "campaign": "campaign_id"}
CAMPAIGN_DEVICE = {**CAMPAIGN, "device": "device"}
CHANNEL_DEVICE = {**CHANNEL, "device": "device"}
CAMPAIGN_PAGE = {**CAMPAIGN, "landing_page": "landing_page"}


def sessions(facts: Facts) -> pd.DataFrame:
    return facts["core.fct_sessions"]


def share(of: pd.DataFrame, part: pd.Series, by: dict[str, str]) -> pd.DataFrame:
    """Sessions of a kind over all sessions given."""
    return ratio(counted(of[part.reindex(of.index)], DAY, by, "session_id"), counted(of, DAY, by, "session_id"))


@independent("visit_conversion_rate", SESSIONS)
def visit_conversion_rate(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    return share(rows, rows["has_payment"], CAMPAIGN_DEVICE)


@independent("add_to_cart_rate", SESSIONS)
def add_to_cart_rate(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    return share(rows, rows["has_cart"], CAMPAIGN_DEVICE)


@independent("checkout_completion_rate", SESSIONS)
def checkout_completion_rate(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    begun = rows[rows["has_checkout"]]
    return ratio(
        counted(begun[begun["has_payment"]], DAY, CHANNEL_DEVICE, "session_id"),
        counted(rows[rows["has_checkout"]], DAY, CHANNEL_DEVICE, "session_id"),
    )


@independent("cart_abandonment_rate", SESSIONS)
def cart_abandonment_rate(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    with_cart = rows[rows["has_cart"]]
    return share(with_cart, ~with_cart["has_payment"], CHANNEL_DEVICE)


@independent("bounce_rate", SESSIONS)
def bounce_rate(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    return share(rows, rows["event_count"] == 1, CAMPAIGN_PAGE)


@independent("form_completion_rate", SESSIONS)
def form_completion_rate(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    return share(rows, rows["has_form"], CAMPAIGN_PAGE)


@independent("session_duration", SESSIONS)
def session_duration(facts: Facts) -> pd.DataFrame:
    rows = sessions(facts)
    rows = rows[rows["engaged_seconds"].notna()]
    return ratio(summed(rows, DAY, CAMPAIGN, "engaged_seconds"), counted(rows, DAY, CAMPAIGN, "session_id"))


@independent("content_downloads", SESSIONS)
def content_downloads(facts: Facts) -> pd.DataFrame:
    return summed(sessions(facts), DAY, CAMPAIGN, "download_count")


@independent("visitors", SESSIONS)
def visitors(facts: Facts) -> pd.DataFrame:
    return counted(sessions(facts), DAY, CAMPAIGN_DEVICE, "visitor_token")


@independent("page_views", "page views")
def page_views(facts: Facts) -> pd.DataFrame:
    return counted(facts["core.fct_page_views"], "viewed_date", CHANNEL_DEVICE, "view_id")


def email_share(facts: Facts, event_type: str) -> pd.DataFrame:
    """Messages with such an event, machines left out, over messages delivered; by the day they were sent."""
    events, by = facts["core.fct_email_events"], {"campaign": "campaign_id"}
    events["message"] = events["source_system"] + "|" + events["message_id"]
    of_people = events[(events["event_type"] == event_type) & ~events["is_machine"].fillna(False).astype(bool)]
    return ratio(
        counted(of_people, "sent_date", by, "message"),
        counted(events[events["event_type"] == "delivered"], "sent_date", by, "message"),
    )


@independent("email_open_rate", "e-mail events")
def email_open_rate(facts: Facts) -> pd.DataFrame:
    return email_share(facts, "opened")


@independent("email_click_rate", "e-mail events")
def email_click_rate(facts: Facts) -> pd.DataFrame:
    return email_share(facts, "clicked")
