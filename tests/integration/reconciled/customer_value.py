"""KPIs of what customers are worth, of their records, and of revenue against forecasts and goals."""

from __future__ import annotations

import duckdb
import pandas as pd

from tests.integration.reconciled.customer_facts import ID, acquired, as_of, attributes, ends, first_purchases
from tests.integration.reconciled.customer_purchases import acquiring_channel
from tests.integration.reconciled.frames import KEYS, NONE, Facts, independent, ratio, summed

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


def wecom_days(facts: Facts) -> pd.DataFrame:
    """First day (`day`) on which each customer's WeCom record was created, from the clean lake."""
    files = facts.catalog.parents[2] / "lake" / "customer" / "*.parquet"
    found = duckdb.sql(
        "select source_system, source_customer_key, min(created_at) as created_at "
        f"from read_parquet('{files}', union_by_name = true) where source_system = 'wecom' group by all"
    ).df()
    found["day"] = (found["created_at"] + pd.Timedelta(hours=8)).dt.normalize()
    found = found.merge(facts.links, on=["source_system", "source_customer_key"])
    return pd.DataFrame(found.groupby(ID, as_index=False)["day"].min())


def cumulated(facts: Facts, events: pd.DataFrame, dimensions: list[str], measure: str) -> pd.DataFrame:
    """Sum of a measure over all events up to the end of each period, for every period from the first event on."""
    periods = ends(facts, events["day"].min())
    parts = []
    for dimension in ["total", *dimensions]:
        member = "all" if dimension == "total" else events[dimension].fillna(NONE)
        for name, part in events.assign(member=member).groupby("member"):
            sums = part.groupby("day")[measure].sum().sort_index().cumsum()
            place = sums.index.searchsorted(periods["end"], side="right")
            values = pd.Series([0.0, *sums]).iloc[place].to_numpy()
            parts.append(periods.assign(dimension=dimension, member=name, value=values))
    return pd.concat(parts, ignore_index=True)[[*KEYS, "value"]]


@independent("record_completeness", "`customers.customer_records`, its sums by system compared with customer links")
def record_completeness(facts: Facts) -> pd.DataFrame:
    found = facts["customers.customer_records"].rename(columns={"employee_id": "employee"})
    measures = {"filled_required_field_count": "filled_required_fields", "required_field_count": "required_fields"}
    found = found.rename(columns=measures).assign(day=lambda f: pd.to_datetime(f["record_date"]))
    sums = found.groupby("source_system")[list(measures.values())].sum()
    linked = facts["core.customer_links"].groupby("source_system")[list(measures.values())].sum().loc[sums.index]
    assert (sums == linked).all().all(), "customer_records and customer_links disagree"
    dimensions = ["source_system", "employee"]
    filled = cumulated(facts, found, dimensions, "filled_required_fields")
    return ratio(filled, cumulated(facts, found, dimensions, "required_fields"))


@independent(
    "wecom_coverage", "customers, touchpoints, paid orders, won deals; day of each WeCom record from the clean lake"
)
def wecom_coverage(facts: Facts) -> pd.DataFrame:
    dimensions = ["region", "employee"]
    linked = wecom_days(facts)
    who = attributes(facts)
    days = acquired(facts).rename("day").reset_index()
    known, in_wecom = (f.merge(who, on=ID).assign(one=1.0) for f in (days[days["day"].notna()], linked))
    return ratio(cumulated(facts, in_wecom, dimensions, "one"), cumulated(facts, known, dimensions, "one"))
