"""Customers contacted as often as their segment and tier ask. Not here: visits as such."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import Facts, independent
from tests.integration.reconciled.people import BROAD, period_ends, share
from tests.integration.reconciled.service import links_of, tier_before


def contacts(facts: Facts) -> pd.DataFrame:
    """Activities that took place with a known customer, record updates aside."""
    done = facts["core.fct_activities"]
    done = done[done["is_done"].eq(True) & (done["activity_kind"] != "record_update")].reset_index(drop=True)
    done["customer_system"] = done["source_system"]
    done["customer"] = links_of(done, facts)
    return done[done["customer"].notna()].rename(columns={"activity_date": "day"})


def covered_customers(facts: Facts) -> pd.DataFrame:
    """A row per month end and customer who is to be contacted, with `is_covered`."""
    kept = facts["customers.rfm_segments"].rename(columns={"customer_id": "customer"})
    people = facts["core.dim_customer"].set_index("customer_id")
    done = contacts(facts)
    ends = period_ends(("month",), kept["as_of_date"].min(), pd.Timestamp(facts.as_of))["end"]
    parts = []
    for end in ends:
        known = kept[kept["as_of_date"] <= end]
        now = known[known["as_of_date"] == known["as_of_date"].max()][["customer", "segment"]].assign(end=end)
        was_lost = set(known[known["segment"] == "lost"]["customer"])
        is_back = (now["segment"] == "general") & now["customer"].isin(was_lost)
        now["cadence"] = now["segment"].where(now["segment"].isin(["core", "potential"]))
        now.loc[is_back, "cadence"] = "won_back"
        before = done[done["day"] <= end].sort_values("happened_at")
        visits = before[before["activity_kind"] == "visit"]
        calls = before[before["activity_kind"].isin(["visit", "call", "meeting"])]
        lasts = {"any": before, "visit": visits, "call_back": calls}
        for name, rows in lasts.items():
            now[name] = now["customer"].map(rows.groupby("customer")["day"].max())
        visitor = visits.dropna(subset=["employee_id"]).groupby("customer")["employee_id"].last()
        owner = now["customer"].map(people["owner_employee_id"])
        now["employee"] = owner.where(owner.notna(), now["customer"].map(visitor))
        parts.append(now)
    rows = pd.concat(parts, ignore_index=True)
    rows["customer_tier"] = tier_before(rows, "end", facts)
    rows["region"] = rows["customer"].map(people["region"])
    rows["needs_call_back"] = rows["customer_tier"].isin(["strategic", "core"])
    rows = rows[rows["cadence"].notna() | rows["needs_call_back"]]
    days = {"core": 14, "potential": 7, "won_back": 30}
    last = rows["visit"].where(rows["cadence"] == "core", rows["any"])
    waited = (rows["end"] - pd.to_datetime(last)).dt.days
    in_time = rows["cadence"].isna() | (waited < rows["cadence"].map(days))
    called = pd.to_datetime(rows["call_back"]) > rows["end"] - pd.DateOffset(months=3)
    rows["is_covered"] = in_time & (~rows["needs_call_back"] | called)
    return rows


@independent(
    "customer_coverage_rate", "activities, customers; segments and tiers read from `rfm_segments` and `customer_tiers`"
)
def customer_coverage_rate(facts: Facts) -> pd.DataFrame:
    rows = covered_customers(facts)
    return share(rows, "end", ["employee", "region", "customer_tier"], rows["is_covered"], grains=BROAD)
