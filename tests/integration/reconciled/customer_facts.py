"""What the KPIs of customers share: their attributes, purchases, revenue, segments, and numbers at the ends of periods.

Belongs here: frames of customers computed from core facts. Not here: any KPI.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from tests.integration.reconciled.frames import GRAINS, KEYS, NONE, Facts, period_start

ID = "customer_id"


def attributes(facts: Facts) -> pd.DataFrame:
    """Customers as they are now: region, industry, owner (`employee`), tier, segment."""
    customers = facts["core.dim_customer"].rename(columns={"owner_employee_id": "employee"})
    tiers = facts["customers.customer_tiers"]
    tiers = tiers[tiers["is_current"]][[ID, "customer_tier"]]
    customers = customers.merge(tiers, on=ID, how="left").merge(segments(facts, as_of(facts)), on=ID, how="left")
    customers = customers.rename(columns={"segment": "rfm_segment"})
    columns = ["region", "industry", "employee", "customer_tier", "rfm_segment", "marketing_channel", "quality_grade"]
    customers[columns] = customers[columns].astype("object").where(customers[columns].notna(), NONE)
    return customers[[ID, "referrer_customer_id", "first_seen_date", *columns]]


def as_of(facts: Facts) -> pd.Timestamp:
    return pd.Timestamp(facts.as_of)


def orders(facts: Facts) -> pd.DataFrame:
    """Paid orders of known customers by payment date (`day`), with `amount`."""
    found = facts["core.fct_orders"]
    found = found[found["is_paid_order"] & found["paid_date"].notna() & found[ID].notna()]
    return found.assign(day=found["paid_date"], at=found["paid_at"], amount=found["net_reporting_amount"].fillna(0.0))


def purchases(facts: Facts) -> pd.DataFrame:
    """Paid orders, and won deals that no order stands for, of known customers."""
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_won"] & ~deals["has_linked_order"] & deals["won_date"].notna() & deals[ID].notna()]
    deals = deals.assign(day=deals["won_date"], at=deals["won_at"], amount=deals["reporting_amount"].fillna(0.0))
    found = pd.concat(
        [orders(facts).assign(kind="order"), deals.assign(kind="deal", order_key=deals["opportunity_key"])],
        ignore_index=True,
    )
    columns = [ID, "kind", "order_key", "day", "at", "amount", "channel", "region", "marketing_channel"]
    return found[columns].sort_values(["at", "order_key"], ignore_index=True)


def first_purchases(facts: Facts) -> pd.DataFrame:
    return purchases(facts).drop_duplicates(ID)


def acquired(facts: Facts) -> pd.Series:
    """Day of each customer's first record, touch that attribution looks at, or purchase."""
    touches = facts["core.fct_touchpoints"]
    touches = touches[touches[ID].notna() & touches["is_attributable"]]
    days = pd.DataFrame(
        {
            "record": pd.to_datetime(facts["core.dim_customer"].set_index(ID)["first_seen_date"]),
            "touch": pd.to_datetime(touches.groupby(ID)["touched_date"].min()),
            "purchase": first_purchases(facts).set_index(ID)["day"],
        }
    )
    return days.min(axis=1)


def bought_lines(facts: Facts) -> pd.DataFrame:
    """Product lines bought: customer, day, order, product, product line."""
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"] & lines["paid_date"].notna() & lines[ID].notna()].assign(
        day=lambda f: f["paid_date"]
    )
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_won"] & ~deals["has_linked_order"] & deals["won_date"].notna() & deals[ID].notna()].assign(
        day=lambda f: f["won_date"]
    )
    found = pd.concat([lines.assign(kind="order"), deals.assign(kind="deal")], ignore_index=True)
    return found[[ID, "kind", "day", "order_key", "product_id", "product_line"]]


def segments(facts: Facts, day: pd.Timestamp) -> pd.DataFrame:
    """RFM segment at the end of a day of every customer with a paid order up to it."""
    known = orders(facts)
    known = known[known["day"] <= day]
    year = known[known["day"] > day - pd.DateOffset(months=12)].groupby(ID)["amount"].agg(["size", "mean", "sum"])
    found = known.groupby(ID)["day"].max().to_frame().join(year)
    days = (day - found["day"]).dt.days
    ratio = found["mean"] / (year["sum"].sum() / max(1, year["size"].sum()))
    core = (days <= 30) & (found["size"] >= 4) & (ratio >= 1.5)
    potential = (days <= 60) & (found["size"] >= 2) & (ratio >= 1.0)
    found["segment"] = np.select([core, potential, days <= 90], ["core", "potential", "general"], "lost")
    return pd.DataFrame(found.reset_index()[[ID, "segment"]])


def ends(facts: Facts, first: pd.Timestamp) -> pd.DataFrame:
    """Every period from the first day's to the build's, with its last day, at most the build's."""
    days = pd.Series(pd.date_range(first, as_of(facts), freq="D"))
    parts = []
    for grain in GRAINS:
        part = pd.DataFrame({"grain": grain, "period_start": period_start(days, grain), "end": days})
        parts.append(pd.DataFrame(part.groupby(["grain", "period_start"], as_index=False)["end"].max()))
    return pd.concat(parts, ignore_index=True)


def counted_at_ends(
    facts: Facts,
    periods: pd.DataFrame,
    members: Callable[[pd.Timestamp], pd.Series],
    dimensions: list[str],
    who: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Customers in a state at each period's end; `members` names them for a day, `who` their attributes."""
    who = attributes(facts) if who is None else who
    days = pd.to_datetime(periods["end"].drop_duplicates())
    states = [pd.DataFrame({"end": day, ID: pd.unique(members(day))}) for day in days]
    found = pd.concat(states, ignore_index=True).merge(who, on=ID, how="left")
    parts = [found.groupby("end", as_index=False).size().assign(dimension="total", member="all")]
    for dimension in dimensions:
        part = found.assign(member=found[dimension].fillna(NONE)).groupby(["end", "member"], as_index=False).size()
        parts.append(part.assign(dimension=dimension))
    counts = pd.concat(parts, ignore_index=True).rename(columns={"size": "value"})
    return periods.merge(counts, on="end")[[*KEYS, "value"]].astype({"value": "float64"})


def in_months(events: pd.DataFrame, day: pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """Events of the trailing months up to the end of a day."""
    return events[(events["day"] <= day) & (events["day"] > day - pd.DateOffset(months=months))]


def in_days(events: pd.DataFrame, day: pd.Timestamp, days: int) -> pd.DataFrame:
    return events[(events["day"] <= day) & (events["day"] > day - pd.Timedelta(days=days))]
