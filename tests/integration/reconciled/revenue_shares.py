"""Shares of revenue: of channels, products, customers and seasons. Not here: revenue itself (`orders.py`)."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import (
    KEYS,
    Facts,
    independent,
    period_start,
    ratio,
    share_of_total,
    spread,
)
from tests.integration.reconciled.orders import LINES, columns, revenue_events, summed, tier_on

LONG = ("month", "quarter", "year")
#: Largest customers that `top_50_revenue_share` counts.
LARGEST = 50


def share(events: pd.DataFrame, part: pd.Series, *dimensions: str) -> pd.DataFrame:
    """Revenue of the events where `part` holds over revenue of all."""
    chosen = columns(*dimensions)
    return ratio(summed(events[part], "day", chosen, "amount"), summed(events, "day", chosen, "amount"))


@independent("high_margin_revenue_share", LINES + ", products")
def high_margin_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return share(events, events["is_high_margin"], "region", "channel")


@independent("service_revenue_share", LINES + ", products")
def service_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return share(events, events["product_type"] == "service", "region")


@independent("online_revenue_share", LINES + ", channels")
def online_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return share(events, events["is_online"], "region")


@independent("social_revenue_share", LINES + ", channels")
def social_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return share(events, events["channel_group"] == "social commerce", "region")


@independent("distributor_revenue_share", LINES + ", channels")
def distributor_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return share(events, events["channel_group"] == "distributor", "region")


@independent("emerging_industry_share", LINES + ", customers as they are now")
def emerging_industry_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return share(events, events["is_industry_emerging"], "region")


@independent("channel_contribution", LINES)
def channel_contribution(facts: Facts) -> pd.DataFrame:
    revenue = summed(revenue_events(facts), "day", columns("channel"), "amount")
    return share_of_total(revenue, revenue)


@independent("product_line_contribution", LINES)
def product_line_contribution(facts: Facts) -> pd.DataFrame:
    revenue = summed(revenue_events(facts), "day", columns("product_line"), "amount")
    return share_of_total(revenue, revenue)


@independent("fourth_quarter_share", LINES)
def fourth_quarter_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    dimensions = columns("region", "product_line")
    last = events[events["day"].dt.quarter == 4]
    return ratio(
        summed(last, "day", dimensions, "amount", grains=("year",)),
        summed(events, "day", dimensions, "amount", grains=("year",)),
    )


def largest(events: pd.DataFrame, count: int, grains: tuple[str, ...]) -> pd.DataFrame:
    """Revenue of the largest known customers of each period, ranked anew for every member."""
    known = events[events["customer_id"].notna()]
    rows = spread(known, "day", columns("region"), ["amount", "customer_id"], grains)
    sums = rows.groupby([*KEYS, "customer_id"], as_index=False)["amount"].sum()
    sums = sums[sums.groupby(KEYS)["amount"].rank(method="first", ascending=False) <= count]
    return sums.groupby(KEYS, as_index=False)["amount"].sum().rename(columns={"amount": "value"}).round({"value": 4})


@independent("top_50_revenue_share", LINES + ", resolved customers")
def top_50_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    return ratio(
        largest(events, LARGEST, LONG),
        summed(events, "day", columns("region"), "amount", grains=LONG),
    )


@independent("largest_customer_share", LINES + ", resolved customers")
def largest_customer_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    events = events[events["day"] <= pd.Timestamp(facts.as_of)]
    parts = []
    for grain in LONG:
        for start in sorted(period_start(events["day"], grain).unique()):
            end = (
                pd.Timestamp(start)
                + {
                    "month": pd.DateOffset(months=1),
                    "quarter": pd.DateOffset(months=3),
                    "year": pd.DateOffset(years=1),
                }[grain]
            )
            window = events[(events["day"] >= end - pd.DateOffset(years=1)) & (events["day"] < end)]
            # one period that holds the whole window
            window = window.assign(day=pd.Timestamp(start))
            one = ratio(
                largest(window, 1, (grain,)),
                summed(window, "day", columns("region"), "amount", grains=(grain,)),
            )
            parts.append(one)
    return pd.concat(parts, ignore_index=True)


@independent("key_account_revenue_share", LINES + "; the class from customer_tiers")
def key_account_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    parts = []
    for grain in LONG:
        held = tier_on(facts, events["customer_id"], period_start(events["day"], grain))
        key = events[held.isin(["strategic", "core", "important"])]
        dimensions = columns("region")
        parts.append(
            ratio(
                summed(key, "day", dimensions, "amount", grains=(grain,)),
                summed(events, "day", dimensions, "amount", grains=(grain,)),
            )
        )
    return pd.concat(parts, ignore_index=True)


@independent("promotion_revenue_share", LINES + ", calendar events")
def promotion_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts).reset_index(names="event")
    calendar = facts["core.fct_calendar_events"]
    calendar = calendar[calendar["event_kind"] == "promotion"][["event_date", "region", "channel", "industry"]]
    calendar["day"] = pd.to_datetime(calendar["event_date"])
    met = events.merge(calendar, on="day", suffixes=("", "_promoted"))
    holds = met["region_promoted"].isin(["all"]) | (met["region_promoted"] == met["region"])
    holds &= met["channel_promoted"].isin(["all"]) | (met["channel_promoted"] == met["channel"])
    promoted = events["event"].isin(met[holds]["event"])
    return share(events, promoted, "channel", "product_line")
