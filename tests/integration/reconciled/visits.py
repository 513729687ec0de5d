"""Visits of customers, and what courses did to the conversion of leads. Not here: activities in general."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.integration.reconciled.frames import KEYS, Facts, independent, summed
from tests.integration.reconciled.people import BROAD, share
from tests.integration.reconciled.service import links_of, tier_before


def done_visits(facts: Facts) -> pd.DataFrame:
    visits = facts["core.fct_activities"]
    visits = visits[(visits["activity_kind"] == "visit") & visits["is_done"].eq(True)].reset_index(drop=True)
    visits["customer_system"] = visits["source_system"]
    visits["customer"] = links_of(visits, facts)
    return visits


@independent("visits", "activities; the tier read from its mart")
def visits(facts: Facts) -> pd.DataFrame:
    done = done_visits(facts).assign(one=1.0)
    done["customer_tier"] = tier_before(done, "activity_date", facts)
    dimensions = {"employee": "employee_id", "region": "region", "customer_tier": "customer_tier"}
    return summed(done, "activity_date", dimensions, "one")


@independent("cold_visit_conversion", "activities, opportunities")
def cold_visit_conversion(facts: Facts) -> pd.DataFrame:
    first = done_visits(facts)
    first = first[first["is_first_contact"].eq(True)].assign(became=False)
    deals = facts["core.fct_opportunities"]
    deals["customer_system"] = deals["source_system"]
    deals["customer"] = links_of(deals, facts)
    deals["lead_key"] = deals["source_system"] + ":" + deals["lead_id"]
    for key in ("customer", "lead_key", "opportunity_key"):
        pairs = first.reset_index()[["index", key, "happened_at"]].dropna(subset=[key])
        pairs = pairs.merge(deals[[key, "created_at"]].dropna(subset=[key]), on=key)
        followed = pairs[pairs["created_at"] >= pairs["happened_at"]]["index"]
        first.loc[first.index.isin(followed), "became"] = True
    return share(first, "activity_date", {"employee": "employee_id", "region": "region"}, first["became"])


def course_windows(facts: Facts) -> pd.DataFrame:
    """A row per seller and completed course: leads and won leads before and after, the seller's and the peers'.

    Peers are sellers who did not complete the course in the same months; the day it ended counts as before.
    """
    leads = facts["core.fct_leads"]
    leads["won"] = leads["is_won"].eq(True).astype(float)
    leads = leads[leads["employee_id"].notna() & leads["created_date"].notna()]
    people = facts["core.dim_employee"]
    sellers = set(people[people["role"] == "seller"]["employee_id"])
    leads = leads[leads["employee_id"].isin(sellers)]
    courses = facts["core.fct_training"]
    courses = courses[courses["is_completed"].eq(True) & courses["finished_date"].notna()]
    known = leads["created_date"].min(), pd.Timestamp(facts.as_of)
    months = pd.DateOffset(months=3)
    rows = []
    taken = courses.drop_duplicates(["course", "employee_id", "finished_date"])
    for course, employee, day in zip(taken["course"], taken["employee_id"], taken["finished_date"], strict=True):
        if employee not in sellers or day - months < known[0] or day + months > known[1]:
            continue
        near = courses["finished_date"].between(day - months, day + months)
        trained = set(courses[(courses["course"] == course) & near]["employee_id"])
        spans = {
            "before": (leads["created_date"] > day - months) & (leads["created_date"] <= day),
            "after": (leads["created_date"] > day) & (leads["created_date"] <= day + months),
        }
        groups = {"own": leads["employee_id"] == employee, "peer": ~leads["employee_id"].isin(trained)}
        row: dict[str, object] = {"course": course, "employee_id": employee, "day": day}
        for group, of_group in groups.items():
            for span, in_span in spans.items():
                row[f"{group}_leads_{span}"] = float((of_group & in_span).sum())
                row[f"{group}_won_{span}"] = float(leads[of_group & in_span]["won"].sum())
        rows.append(row)
    windows = pd.DataFrame(rows)
    return windows[(windows["own_leads_before"] > 0) & (windows["own_leads_after"] > 0)]


@independent("training_uplift", "courses taken part in, leads, employees")
def training_uplift(facts: Facts) -> pd.DataFrame:
    windows = course_windows(facts)
    sums = None
    names = [name for name in windows.columns if "_leads_" in name or "_won_" in name]
    for name in names:
        one = summed(windows, "day", ["course"], name, grains=BROAD).rename(columns={"value": name})
        sums = one if sums is None else sums.merge(one, on=KEYS)
    assert sums is not None

    def growth(group: str) -> pd.Series:
        after = sums[f"{group}_won_after"] / sums[f"{group}_leads_after"].replace(0, np.nan)
        before = sums[f"{group}_won_before"] / sums[f"{group}_leads_before"].replace(0, np.nan)
        return after / before.replace(0, np.nan) - 1

    sums["value"] = growth("own") - growth("peer")
    return sums[[*KEYS, "value"]]
