"""KPIs of customers who are in a state at the end of a period."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.integration.reconciled.customer_facts import (
    ID,
    as_of,
    attributes,
    bought_lines,
    counted_at_ends,
    ends,
    in_days,
    in_months,
    orders,
    purchases,
)
from tests.integration.reconciled.frames import NONE, Facts, independent, ratio
from tests.integration.reconciled.orders import revenue_events

BOUGHT = "paid orders, won deals"
TIER = "class of `customers.customer_tiers`"


def paying(facts: Facts, dimensions: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers with a purchase in the trailing 12 months, and the periods."""
    bought = purchases(facts)
    periods = ends(facts, bought["day"].min())
    return counted_at_ends(facts, periods, lambda day: in_months(bought, day)[ID], dimensions), periods


@independent("active_customers", f"paid orders; {TIER}")
def active_customers(facts: Facts) -> pd.DataFrame:
    paid = orders(facts)
    periods = ends(facts, paid["day"].min())
    return counted_at_ends(facts, periods, lambda day: in_days(paid, day, 90)[ID], ["region", "customer_tier"])


@independent("repurchase_rate", f"paid orders and their lines; {TIER}")
def repurchase_rate(facts: Facts) -> pd.DataFrame:
    paid = orders(facts)
    lines = bought_lines(facts)
    lines = lines[(lines["kind"] == "order") & lines["order_key"].isin(paid["order_key"])]
    lines = lines.assign(product_line=lines["product_line"].fillna(NONE))
    lines = lines.drop_duplicates([ID, "order_key", "product_line"])
    periods = ends(facts, paid["day"].min())
    dimensions = ["region", "customer_tier"]

    def at_least(events: pd.DataFrame, least: int) -> Callable[[pd.Timestamp], pd.Series]:
        def members(day: pd.Timestamp) -> pd.Series:
            counts = in_months(events, day).groupby(ID).size()
            return pd.Series(counts[counts >= least].index)

        return members

    sides = []
    for least in (2, 1):
        parts = [counted_at_ends(facts, periods, at_least(paid, least), dimensions)]
        for line, of_line in lines.groupby("product_line"):
            part = counted_at_ends(facts, periods, at_least(of_line, least), [])
            parts.append(part.assign(dimension="product_line", member=line))
        sides.append(pd.concat(parts, ignore_index=True))
    return ratio(sides[0], sides[1])


@independent("cross_sell_penetration", f"paid order lines, won deals; {TIER}")
def cross_sell_penetration(facts: Facts) -> pd.DataFrame:
    dimensions = ["customer_tier", "region"]
    denominator, periods = paying(facts, dimensions)
    lines = bought_lines(facts)

    def several(day: pd.Timestamp) -> pd.Series:
        counts = in_months(lines, day).groupby(ID)["product_line"].nunique()
        return pd.Series(counts[counts >= 2].index)

    return ratio(counted_at_ends(facts, periods, several, dimensions), denominator)


@independent("omnichannel_customer_share", BOUGHT)
def omnichannel_customer_share(facts: Facts) -> pd.DataFrame:
    dimensions = ["rfm_segment", "region"]
    denominator, periods = paying(facts, dimensions)
    channels = facts["core.dim_channel"].set_index("channel")["is_online"]
    bought = purchases(facts).assign(is_online=lambda f: f["channel"].map(channels))
    bought = bought[bought["is_online"].notna()]

    def both(day: pd.Timestamp) -> pd.Series:
        counts = in_months(bought, day).groupby(ID)["is_online"].nunique()
        return pd.Series(counts[counts == 2].index)

    return ratio(counted_at_ends(facts, periods, both, dimensions), denominator)


@independent("high_value_customer_share", "paid order lines, refunds, won deals")
def high_value_customer_share(facts: Facts) -> pd.DataFrame:
    denominator, periods = paying(facts, ["region"])
    events = revenue_events(facts)
    events = events[events[ID].notna()]

    def high(day: pd.Timestamp) -> pd.Series:
        sums = in_months(events, day).groupby(ID)["amount"].sum()
        return pd.Series(sums[sums > 10_000_000].index)

    return ratio(counted_at_ends(facts, periods, high, ["region"]), denominator)


@independent("member_activity_rate", f"points movements, paid orders; {TIER}")
def member_activity_rate(facts: Facts) -> pd.DataFrame:
    moves = facts["core.fct_member_points"]
    moves = moves[moves[ID].notna()].assign(day=lambda f: pd.to_datetime(f["moved_date"])).sort_values("moved_at")
    members = moves.groupby(ID).agg(
        since=("member_since_date", "min"), first=("day", "min"), channel=("channel", "first")
    )
    members["day"] = members[["since", "first"]].min(axis=1)
    members = members.reset_index()
    who = attributes(facts).merge(members[[ID, "channel"]], on=ID, how="left")
    periods = ends(facts, members["day"].min())
    events = pd.concat([moves[[ID, "day"]], orders(facts)[[ID, "day"]]])
    events = events[events[ID].isin(members[ID])]
    since = members.set_index(ID)["day"]

    def active(day: pd.Timestamp) -> pd.Series:
        found = pd.Series(in_days(events, day, 30)[ID].unique())
        return found[found.map(since) <= day]

    dimensions = ["customer_tier", "channel"]
    known = counted_at_ends(facts, periods, lambda day: members[members["day"] <= day][ID], dimensions, who)
    return ratio(counted_at_ends(facts, periods, active, dimensions, who), known)


@independent("customers_at_risk", f"{BOUGHT}, opened emails; {TIER}")
def customers_at_risk(facts: Facts) -> pd.DataFrame:
    bought = purchases(facts)
    opens = facts["core.fct_email_events"]
    opens = opens[opens["event_type"].isin(["opened", "clicked"]) & ~opens["is_machine"] & opens[ID].notna()]
    opened = dict(list(opens.groupby(ID)["event_date"]))
    periods = ends(facts, bought["day"].min())
    spans = []
    for customer, part in bought.groupby(ID):
        days = list(part["day"])
        gaps = pd.Series(days).diff().dt.days
        for place, start in enumerate(days):
            until = days[place + 1] if place + 1 < len(days) else as_of(facts) + pd.Timedelta(days=1)
            median = gaps.iloc[1 : place + 1].median() if place >= 2 else float("nan")
            if median == 0:
                median = float("nan")
            spans.append((customer, start, until, median, opened.get(customer)))

    def at_risk(day: pd.Timestamp) -> pd.Series:
        found = []
        for customer, start, until, median, seen in spans:
            if not start <= day < until:
                continue
            late = (day - start).days > 1.5 * median
            silent = not median <= 60 and start <= day - pd.DateOffset(months=3)
            if silent and seen is not None:
                silent = not ((seen > day - pd.DateOffset(months=3)) & (seen <= day)).any()
            if late or silent:
                found.append(customer)
        return pd.Series(found, dtype="object")

    return counted_at_ends(facts, periods, at_risk, ["customer_tier", "region", "employee"])
