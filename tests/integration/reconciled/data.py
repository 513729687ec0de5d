"""How fresh, how complete and how often double what was received is. Not here: quality of single fields."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import GRAINS, Facts, independent, ratio, spread, summed
from tests.integration.reconciled.people import local_day, period_ends, state


@independent("data_freshness_minutes", "last checks of the sources")
def data_freshness_minutes(facts: Facts) -> pd.DataFrame:
    checks = facts["data.data_freshness"]
    checks["day"] = local_day(checks["as_of_at"])
    checks["minutes"] = (checks["as_of_at"] - checks["checked_at"]).dt.total_seconds() / 60
    rows = spread(checks, "day", ["source_system"], ["minutes"])
    keys = ["grain", "period_start", "dimension", "member"]
    return rows.groupby(keys, as_index=False).agg(value=("minutes", "max"))


@independent("rejected_record_rate", "the accounting of deliveries")
def rejected_record_rate(facts: Facts) -> pd.DataFrame:
    parts = facts["data.delivery_accounting"]
    parts = parts[parts["state"] == "active"].assign(day=lambda f: local_day(f["received_at"]))
    dimensions = ["source_system", "contract"]
    parts[["received_rows", "rejected_rows"]] = parts[["received_rows", "rejected_rows"]].astype("float64")
    return ratio(summed(parts, "day", dimensions, "rejected_rows"), summed(parts, "day", dimensions, "received_rows"))


@independent("duplicate_customer_rate", "links of customer records, the accounting of deliveries")
def duplicate_customer_rate(facts: Facts) -> pd.DataFrame:
    deliveries = facts["data.delivery_accounting"][["delivery_id", "received_at"]].drop_duplicates("delivery_id")
    records = facts["core.customer_links"].merge(deliveries, left_on="since_delivery_id", right_on="delivery_id")
    records = records.sort_values(["received_at", "source_system", "source_key"]).assign(one=1.0)
    records["merged"] = records["customer_id"].duplicated().astype(float)
    records["day"] = local_day(records["received_at"])
    ends = period_ends(GRAINS, records["day"].min(), pd.Timestamp(facts.as_of))
    rows = ends.merge(records, how="cross")
    rows = rows[rows["day"] <= rows["end"]]
    return ratio(state(rows, ["source_system"], "merged"), state(rows, ["source_system"], "one"))
