"""KPIs of first and repeated purchases: new customers, what they bring, who stays and who leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.integration.reconciled.customer_facts import (
    ID,
    acquired,
    as_of,
    attributes,
    bought_lines,
    first_purchases,
    orders,
    segments,
)
from tests.integration.reconciled.frames import (
    GRAINS,
    NONE,
    Facts,
    counted,
    independent,
    median,
    period_start,
    ratio,
    summed,
)
from tests.integration.reconciled.orders import revenue_events

TIER = "class of `customers.customer_tiers`"
REVENUE = "paid order lines, refunds, won deals"


def acquiring_channel(facts: Facts, first: pd.DataFrame) -> pd.Series:
    """Channel of the last touch within 90 days before each first purchase that is not direct, else as the purchase
    states, else direct where there was a touch."""
    touches = facts["core.fct_touchpoints"]
    touches = touches[touches["is_attributable"] & touches[ID].notna()]
    joined = first[[ID, "at"]].merge(touches[[ID, "touched_at", "is_direct", "marketing_channel"]], on=ID)
    joined = joined[
        (joined["touched_at"] <= joined["at"]) & (joined["touched_at"] >= joined["at"] - pd.Timedelta(days=90))
    ].sort_values("touched_at")
    last = joined[~joined["is_direct"]].groupby(ID)["marketing_channel"].last()
    stated = first["marketing_channel"].where(first["marketing_channel"] != NONE)
    direct = first[ID].map(lambda key: "direct" if key in set(joined[ID]) else NONE)
    return first[ID].map(last).fillna(stated).fillna(direct)


def new_customers_frame(facts: Facts) -> pd.DataFrame:
    """First purchases with the customer's attributes; region of the purchase, else of the customer."""
    first = first_purchases(facts)
    first = first.assign(marketing_channel=acquiring_channel(facts, first))
    who = attributes(facts).drop(columns="marketing_channel")
    first = first.merge(who, on=ID, how="left", suffixes=("", "_of_customer"))
    known = first["region"].notna() & (first["region"] != NONE)
    return first.assign(region=first["region"].where(known, first["region_of_customer"]))


@independent("new_customers", f"paid orders, won deals, touchpoints; {TIER}")
def new_customers(facts: Facts) -> pd.DataFrame:
    dimensions = ["marketing_channel", "region", "quality_grade", "customer_tier", "industry"]
    return counted(new_customers_frame(facts), "day", dimensions, ID)


@independent("referral_share", "paid orders, won deals, touchpoints, customers")
def referral_share(facts: Facts) -> pd.DataFrame:
    first = new_customers_frame(facts)
    referred = first["referrer_customer_id"].notna() | (first["marketing_channel"] == "referral")
    dimensions = ["region", "employee"]
    return ratio(counted(first[referred], "day", dimensions, ID), counted(first, "day", dimensions, ID))


@independent("new_customer_revenue_share", f"{REVENUE}, touchpoints")
def new_customer_revenue_share(facts: Facts) -> pd.DataFrame:
    first = first_purchases(facts)
    first = first.assign(marketing_channel=acquiring_channel(facts, first)).set_index(ID)
    events = revenue_events(facts)
    events["marketing_channel"] = events[ID].map(first["marketing_channel"]).fillna(NONE)
    events["first_day"] = pd.to_datetime(events[ID].map(first["day"]))
    dimensions = {"region": "region", "employee": "employee_id", "marketing_channel": "marketing_channel"}
    parts = []
    for grain in GRAINS:
        known = events[events["first_day"].notna()]
        new = known[period_start(known["first_day"], grain) == period_start(known["day"], grain)]
        parts.append(summed(new, "day", dimensions, "amount", grains=[grain]))
    whole = summed(events, "day", dimensions, "amount").round({"value": 4})  # a sale and its refund come to nothing
    return ratio(pd.concat(parts, ignore_index=True), whole)


@independent("core_customer_revenue_share", REVENUE)
def core_customer_revenue_share(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    parts = []
    grains = ["month", "quarter", "year"]
    for grain in grains:
        start = period_start(events["day"], grain)
        for first_day in start.unique():
            found = segments(facts, pd.Timestamp(first_day) - pd.Timedelta(days=1))
            core = found[found["segment"] == "core"][ID]
            of_core = events[(start == first_day) & events[ID].isin(core)]
            if len(of_core):
                parts.append(summed(of_core, "day", ["region"], "amount", grains=[grain]))
    whole = summed(events, "day", ["region"], "amount", grains=grains)
    part = pd.concat(parts, ignore_index=True) if parts else whole.assign(value=0.0)
    return ratio(part, whole)


@independent("repurchase_cycle_days", f"paid orders and their lines; {TIER}")
def repurchase_cycle_days(facts: Facts) -> pd.DataFrame:
    who = attributes(facts)
    paid = orders(facts)[[ID, "order_key", "day", "at"]]
    lines = bought_lines(facts)
    lines = lines[(lines["kind"] == "order")].drop_duplicates(["order_key", "product_line"])
    lines = paid.merge(lines[["order_key", "product_line"]], on="order_key")
    lines["product_line"] = lines["product_line"].fillna(NONE)

    def gaps(events: pd.DataFrame, by: list[str]) -> pd.DataFrame:
        events = events.sort_values("day")
        days = events.groupby(by)["day"].diff().dt.days
        return events.assign(gap=days).merge(who, on=ID, how="left")

    whole = median(gaps(paid, [ID]), "day", ["customer_tier", "industry"], "gap")
    by_line = median(gaps(lines, [ID, "product_line"]), "day", ["product_line"], "gap")
    return pd.concat([whole, by_line[by_line["dimension"] == "product_line"]], ignore_index=True)


@independent("first_order_conversion_rate", "customers, touchpoints, paid orders, won deals")
def first_order_conversion_rate(facts: Facts) -> pd.DataFrame:
    who = attributes(facts).set_index(ID)
    touches = facts["core.fct_touchpoints"]
    touches = touches[touches[ID].notna() & touches["is_attributable"]].sort_values("touched_at")
    stated = touches[touches["marketing_channel"] != NONE]
    who["day"] = acquired(facts)
    first = stated.groupby(ID)["marketing_channel"].first().reindex(who.index)
    who["marketing_channel"] = first.fillna(who["marketing_channel"])
    known = who.reset_index()
    known = known[known["day"] <= as_of(facts)]
    dimensions = ["marketing_channel", "region"]
    ordered = known[known[ID].isin(orders(facts)[ID])]
    return ratio(counted(ordered, "day", dimensions, ID), counted(known, "day", dimensions, ID))


def stayed(facts: Facts, grain: str) -> pd.DataFrame:
    """Customers with a paid order in a period, at the start of the next one where that is over: `stays` if they have
    one in it too; tier and segment of the end of the quarter before the one the period lies in."""
    paid = orders(facts)
    cohort = period_start(paid.groupby(ID)["day"].min(), "month").dt.strftime("%Y-%m-%d")
    paid = paid.assign(period=period_start(paid["day"], grain)).drop_duplicates([ID, "period"])[[ID, "period"]]
    step = pd.DateOffset(months={"month": 1, "quarter": 3, "year": 12}[grain])
    base = paid.assign(day=paid["period"] + step)
    base = base[base["day"] + step <= as_of(facts) + pd.Timedelta(days=1)]
    base = base.merge(paid.assign(stays=1), left_on=[ID, "day"], right_on=[ID, "period"], how="left")
    who = attributes(facts).drop(columns=["customer_tier", "rfm_segment"])
    base = base.merge(who, on=ID, how="left").assign(stays=lambda f: f["stays"].fillna(0), leaves=lambda f: 1 - f.stays)
    base["cohort"], base["one"] = base[ID].map(cohort), 1.0
    tiers = facts["customers.customer_tiers"].rename(columns={"as_of_date": "before"})
    base["before"] = period_start(base["day"], "quarter") - pd.Timedelta(days=1)
    base = base.merge(tiers[[ID, "before", "customer_tier"]], on=[ID, "before"], how="left")
    kept = set(facts["customers.rfm_segments"]["as_of_date"])
    classes = [segments(facts, day).assign(before=day) for day in base["before"].unique() if day in kept]
    base = base.merge(
        pd.concat(classes) if classes else tiers.assign(segment=NONE)[[ID, "segment", "before"]].iloc[:0],
        on=[ID, "before"],
        how="left",
    )
    base = base.rename(columns={"segment": "rfm_segment"})
    return base.fillna({"customer_tier": NONE, "rfm_segment": NONE})


@independent("retention_rate", f"paid orders; {TIER}")
def retention_rate(facts: Facts) -> pd.DataFrame:
    parts = []
    for grain in ("month", "quarter", "year"):
        base = stayed(facts, grain)
        if len(base):
            dimensions = ["cohort", "region", "customer_tier"]
            whole = summed(base, "day", dimensions, "one", grains=[grain])
            parts.append(ratio(summed(base, "day", dimensions, "stays", grains=[grain]), whole))
    return pd.concat(parts, ignore_index=True)


@independent("churn_rate", f"paid orders; {TIER}")
def churn_rate(facts: Facts) -> pd.DataFrame:
    base = stayed(facts, "quarter")
    dimensions = ["region", "customer_tier", "rfm_segment", "industry"]
    lapsed = summed(base, "day", dimensions, "leaves", grains=["quarter"])
    return ratio(lapsed, summed(base, "day", dimensions, "one", grains=["quarter"]))


@independent("renewal_rate", "contracts")
def renewal_rate(facts: Facts) -> pd.DataFrame:
    found = facts["core.fct_contracts"]
    found = found[found["is_signed"] & found["has_ended"] & ~found["is_defaulted"].fillna(False)]
    found = found.assign(one=1.0, renewed=np.where(found["is_renewed"], 1.0, 0.0), employee=found["employee_id"])
    dimensions = ["customer_tier", "region", "employee"]
    renewed = summed(found, "end_date", dimensions, "renewed")
    return ratio(renewed, summed(found, "end_date", dimensions, "one"))
