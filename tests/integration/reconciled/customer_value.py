"""KPIs of what customers are worth, of their records, and of revenue against forecasts and goals."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.customer_facts import ID, as_of, attributes, first_purchases
from tests.integration.reconciled.customer_purchases import acquiring_channel
from tests.integration.reconciled.frames import KEYS, Facts, independent, period_start, ratio, summed
from tests.integration.reconciled.orders import revenue_events

LONG = ["month", "quarter", "year"]


def valued(facts: Facts) -> pd.DataFrame:
    """Customers with their first purchase (`day`), acquiring channel, and expected gross profit."""
    first = first_purchases(facts)
    first = first.assign(marketing_channel=acquiring_channel(facts, first))[[ID, "day", "marketing_channel"]]
    expected = facts["customers.lifetime_value"].rename(columns={"expected_gross_profit_reporting_amount": "expected"})
    first = first.merge(expected[[ID, "expected"]], on=ID, how="left")
    first = first.merge(attributes(facts)[[ID, "customer_tier"]], on=ID, how="left")
    return first.assign(one=first["expected"].notna().astype(float), expected=first["expected"].fillna(0.0))


@independent(
    "lifetime_value",
    "paid orders, won deals, touchpoints; expected profit of `customers.lifetime_value`; "
    "class of `customers.customer_tiers`",
)
def lifetime_value(facts: Facts) -> pd.DataFrame:
    found = valued(facts).assign(day=as_of(facts))
    dimensions = ["customer_tier", "marketing_channel"]
    expected = summed(found, "day", dimensions, "expected", grains=LONG)
    return ratio(expected, summed(found, "day", dimensions, "one", grains=LONG))


@independent(
    "ltv_to_cac",
    "paid orders, won deals, touchpoints, advertising, expenses; expected profit of `customers.lifetime_value`",
)
def ltv_to_cac(facts: Facts) -> pd.DataFrame:
    spend = facts["core.fct_ad_performance"]
    spend = spend[spend["is_authoritative"] & spend["objective"].fillna("acquisition").eq("acquisition")]
    spend = spend.assign(day=spend["report_date"], amount=spend["spend_reporting_amount"].fillna(0.0))
    labour = facts["core.fct_expenses"]
    labour = labour[labour["category"] == "labour"]
    labour = labour.assign(day=labour["expense_date"], amount=labour["reporting_amount"].fillna(0.0))
    columns = ["day", "marketing_channel", "amount"]
    cost = pd.concat([spend[columns], labour[columns]], ignore_index=True)
    first = valued(facts).assign(person=1.0)
    by = ["marketing_channel"]
    value = ratio(
        summed(first, "day", by, "expected", grains=LONG),
        summed(first, "day", by, "one", grains=LONG),
    )
    acquisition = ratio(summed(cost, "day", by, "amount", grains=LONG), summed(first, "day", by, "person", grains=LONG))
    joined = value.merge(acquisition, on=KEYS, how="outer", suffixes=("_n", "_d"))
    joined["value"] = joined["value_n"] / joined["value_d"].where(joined["value_d"] != 0)
    return joined[[*KEYS, "value"]]


def cells(goals: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """Goals of one kind of cell: of the whole, or with nothing but the dimension."""
    others = ["region", "product_line", "channel", "team", "employee_id", "customer_group"]
    own = {"region": "region", "employee": "employee_id"}.get(dimension)
    free = [column for column in others if column != own]
    found = goals[goals[free].isna().all(axis=1)]
    if own is None:
        return found.assign(member="all")
    return found[found[own].notna()].assign(member=lambda f: f[own])


@independent("pipeline_coverage", "goals, paid order lines, refunds, won deals, opportunities")
def pipeline_coverage(facts: Facts) -> pd.DataFrame:
    goals = facts["core.fct_goals"]
    goals = goals[goals["is_current"] & (goals["kpi_id"] == "revenue") & (goals["period_start"] <= as_of(facts))]
    events = revenue_events(facts).assign(employee=lambda f: f["employee_id"], all="all")
    deals = facts["core.fct_opportunities"]
    deals = deals[~deals["is_closed"]].assign(employee=lambda f: f["employee_id"], all="all")
    parts = []
    for dimension in ("total", "region", "employee"):
        column = "all" if dimension == "total" else dimension
        for (grain, start, member), of_cell in cells(goals, dimension).groupby(["grain", "period_start", "member"]):

            def inside(days: pd.Series, grain: str = grain, start: pd.Timestamp = start) -> pd.Series:
                return days.notna() & (period_start(days, grain) == start)

            actual = events[inside(events["day"]) & (events[column] == member)]["amount"].sum()
            gap = of_cell["target_value"].sum() - actual
            closing = deals[inside(deals["expected_close_date"]) & (deals[column] == member)]["reporting_amount"].sum()
            parts.append((grain, start, dimension, member, closing / gap if gap > 0 else None))
    return pd.DataFrame(parts, columns=[*KEYS, "value"]).astype({"value": "float64"})
