"""Tickets, chats, complaints, devices and answers of customers. Not here: answers of employees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.integration.reconciled.frames import GRAINS, Facts, independent, median, period_start, ratio, spread, summed
from tests.integration.reconciled.people import local_day, share

OFFSET = pd.Timedelta(hours=8)


def links_of(rows: pd.DataFrame, facts: Facts) -> pd.Series:
    """The resolved customer of rows that name a system and a key."""
    links = facts.links.rename(columns={"source_system": "customer_system", "customer_id": "_customer"})
    wanted = rows[["customer_system", "source_customer_key"]].reset_index()
    found = wanted.merge(links, on=["customer_system", "source_customer_key"], how="left").set_index("index")
    return found["_customer"].reindex(rows.index)


def tickets(facts: Facts, kinds: str) -> pd.DataFrame:
    """`chats`, `complaints`, or `tickets`: all that are no chats."""
    rows = facts["core.fct_tickets"]
    is_chat = rows["ticket_kind"] == "chat"
    rows = rows[{"chats": is_chat, "tickets": ~is_chat, "complaints": rows["ticket_kind"] == "complaint"}[kinds]]
    return rows.rename(columns={"employee_id": "employee"})


def working_hours(rows: pd.DataFrame, facts: Facts) -> pd.Series:
    """Working time (9 to 18) from creation to first response; of complaints a working day counts 24 hours."""
    calendar = facts["core.dim_date"]
    days = pd.to_datetime(calendar[calendar["is_working_day"]]["date_day"])
    hours = []
    for kind, begin, end in zip(rows["ticket_kind"], rows["created_at"], rows["first_responded_at"], strict=True):
        if pd.isna(begin) or pd.isna(end):
            hours.append(np.nan)
            continue
        begin, end = begin + OFFSET, end + OFFSET
        near = days[(days >= begin.normalize()) & (days <= end.normalize())]
        starts = (near + pd.Timedelta(hours=9)).clip(lower=begin)
        ends = (near + pd.Timedelta(hours=18)).clip(upper=end)
        worked = (ends - starts).clip(lower=pd.Timedelta(0)).sum() / pd.Timedelta(hours=1)
        hours.append(worked * (24 / 9 if kind == "complaint" else 1))
    return pd.Series(hours, index=rows.index, dtype="float64")


def elapsed(rows: pd.DataFrame, column: str) -> pd.Series:
    return (rows[column] - rows["created_at"]).dt.total_seconds() / 3600


@independent("complaints", "tickets")
def complaints(facts: Facts) -> pd.DataFrame:
    made = tickets(facts, "complaints").assign(one=1.0)
    return summed(made, "created_date", ["product_line", "region", "cause"], "one")


@independent("repeat_complaint_rate", "tickets")
def repeat_complaint_rate(facts: Facts) -> pd.DataFrame:
    made = tickets(facts, "complaints")
    made["customer"] = links_of(made, facts)
    made = made[made["customer"].notna()].sort_values("created_at")
    before = made.groupby(["customer", "cause"])["created_at"].shift()
    made["again"] = made["customer"].where(made["created_at"] - before <= pd.Timedelta(days=30))
    rows = spread(made, "created_date", ["product_line", "cause"], ["customer", "again"])
    keys = ["grain", "period_start", "dimension", "member"]
    counts = rows.groupby(keys, as_index=False)[["customer", "again"]].nunique()
    counts["value"] = counts["again"] / counts["customer"]
    return counts


@independent("first_response_within_30s_share", "chats")
def first_response_within_30s_share(facts: Facts) -> pd.DataFrame:
    chats = tickets(facts, "chats")
    waited = chats["first_responded_at"] - chats["created_at"]
    return share(chats, "created_date", ["region", "employee"], waited <= pd.Timedelta(seconds=30))


@independent("first_response_hours", "tickets, calendar of working days")
def first_response_hours(facts: Facts) -> pd.DataFrame:
    answered = tickets(facts, "tickets")
    answered["hours"] = working_hours(answered, facts)
    answered["day"] = local_day(answered["first_responded_at"])
    return median(answered, "day", ["priority", "region", "employee"], "hours")


@independent("first_response_within_2h_share", "tickets, calendar of working days")
def first_response_within_2h_share(facts: Facts) -> pd.DataFrame:
    rows = tickets(facts, "tickets")
    hours = working_hours(rows, facts)
    return share(rows, "created_date", ["priority", "region", "employee"], hours <= 2)


@independent("resolution_within_72h_share", "tickets")
def resolution_within_72h_share(facts: Facts) -> pd.DataFrame:
    rows = tickets(facts, "tickets")
    return share(rows, "created_date", ["priority", "region"], elapsed(rows, "solved_at") <= 72)


@independent("resolution_hours", "tickets")
def resolution_hours(facts: Facts) -> pd.DataFrame:
    rows = tickets(facts, "tickets")
    rows["hours"], rows["day"] = elapsed(rows, "solved_at"), local_day(rows["solved_at"])
    return median(rows, "day", ["priority", "region", "product_line"], "hours")


@independent("verified_resolution_rate", "tickets")
def verified_resolution_rate(facts: Facts) -> pd.DataFrame:
    rows = tickets(facts, "complaints")
    rows = rows[rows["solved_at"].notna() & rows["called_back_at"].notna()]
    rows["day"] = local_day(rows["called_back_at"])
    return share(rows, "day", ["cause"], rows["is_call_back_confirmed"])


@independent("bot_resolution_rate", "chats")
def bot_resolution_rate(facts: Facts) -> pd.DataFrame:
    begun = tickets(facts, "chats")
    begun = begun[begun["is_bot_begun"].fillna(False).astype(bool)]
    return share(begun, "created_date", ["product_line"], begun["is_bot_closed"])


def device_days(facts: Facts) -> pd.DataFrame:
    """A row per device and day of use."""
    devices = facts["core.dim_device"]
    devices = devices[devices["active_from_date"].notna()]
    days = pd.DataFrame({"day": pd.date_range(devices["active_from_date"].min(), facts.as_of)})
    rows = days.merge(devices[["product_line", "region", "active_from_date", "active_to_date"]], how="cross")
    return rows[(rows["active_from_date"] <= rows["day"]) & ~(rows["active_to_date"] < rows["day"])].assign(one=1.0)


def per_device_day(facts: Facts, kind: str) -> pd.DataFrame:
    dimensions = ["product_line", "region"]
    events = facts["core.fct_device_events"]
    events = events[events[kind].fillna(False).astype(bool)].assign(one=1.0)
    return ratio(
        summed(events, "occurred_date", dimensions, "one"), summed(device_days(facts), "day", dimensions, "one")
    )


@independent("device_fault_rate", "messages of devices, devices")
def device_fault_rate(facts: Facts) -> pd.DataFrame:
    return per_device_day(facts, "is_fault")


@independent("device_usage_rate", "messages of devices, devices")
def device_usage_rate(facts: Facts) -> pd.DataFrame:
    return per_device_day(facts, "is_usage")


@independent("customer_satisfaction", "survey answers")
def customer_satisfaction(facts: Facts) -> pd.DataFrame:
    answers = facts["core.fct_survey_responses"]
    answers = answers[answers["is_satisfaction"].fillna(False).astype(bool)]
    return share(answers, "answered_date", ["region", "product_line", "aspect"], answers["score"] >= 4)


def tier_before(rows: pd.DataFrame, day: str, facts: Facts) -> pd.Series:
    """Tier settled before the quarter of the day, by `customer`; (none) for who has none."""
    tiers = facts["customers.customer_tiers"]
    tiers["quarter"] = tiers["quarter_start_date"] + pd.DateOffset(months=3)
    tiers = tiers.rename(columns={"customer_id": "customer", "customer_tier": "_tier"})[
        ["customer", "quarter", "_tier"]
    ]
    wanted = pd.DataFrame({"customer": rows["customer"], "quarter": period_start(rows[day], "quarter")}).reset_index()
    found = wanted.merge(tiers, on=["customer", "quarter"], how="left").set_index("index")
    return found["_tier"].reindex(rows.index).fillna("(none)")


def first_purchases(facts: Facts) -> pd.Series:
    """Day of the first purchase by customer: a paid order, or a won deal without an order."""
    orders = facts["core.fct_orders"]
    orders = orders[orders["is_paid_order"]].assign(day=lambda f: f["paid_date"])
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_won"] & ~deals["has_linked_order"]].assign(day=lambda f: f["won_date"])
    bought = pd.concat([orders, deals], ignore_index=True)
    bought["customer_system"] = bought["source_system"]
    bought["customer"] = links_of(bought, facts)
    return bought.groupby("customer")["day"].min()


@independent("net_promoter_score", "survey answers, orders, won deals; the tier read from its mart")
def net_promoter_score(facts: Facts) -> pd.DataFrame:
    answers = facts["core.fct_survey_responses"]
    answers = answers[answers["is_recommendation"].fillna(False).astype(bool)].assign(one=1.0)
    scale = answers["score"]
    answers["points"] = 100.0 * (scale >= 9) - 100.0 * (scale <= 6)
    answers["customer"] = links_of(answers, facts)
    answers["customer_tier"] = tier_before(answers, "answered_date", facts)
    first = pd.to_datetime(answers["customer"].map(first_purchases(facts)))
    has_bought = first <= answers["answered_date"]
    is_new = answers["answered_date"] < first + pd.DateOffset(months=3)
    answers["customer_age"] = np.where(has_bought, np.where(is_new, "new", "old"), "(none)")
    dimensions = {name: name for name in ("customer_tier", "product_line", "region", "customer_age")}
    dimensions["employee"] = "served_by_employee_id"
    return ratio(
        summed(answers, "answered_date", dimensions, "points", grains=GRAINS),
        summed(answers, "answered_date", dimensions, "one", grains=GRAINS),
    )
