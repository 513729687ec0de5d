"""KPIs of what customers are worth, and of what winning them costs."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.customer_facts import ID, as_of, attributes, first_purchases
from tests.integration.reconciled.customer_purchases import acquiring_channel
from tests.integration.reconciled.frames import KEYS, Facts, independent, ratio, summed

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
