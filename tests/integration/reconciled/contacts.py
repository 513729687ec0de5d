"""Reach, contacts that the company made and what answered them, offline materials, experiments.

Not here: what the touches before a purchase are credited (`attribution.py`).
"""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.frames import GRAINS, KEYS, Facts, independent, ratio, summed

OUTBOUND = "touches of customers that the company made, customer links"
WEEKS = ["week", "month", "quarter", "year"]
CAP = 5
ANSWER = pd.Timedelta(days=7)


@independent("reach_rate", "audience statements")
def reach_rate(facts: Facts) -> pd.DataFrame:
    rows, by = facts["core.fct_audience_reach"], {"platform": "platform", "campaign": "campaign_id"}
    rows = rows[rows["audience_size"] > 0]
    return ratio(summed(rows, "report_date", by, "reached_people"), summed(rows, "report_date", by, "audience_size"))


@independent("offline_material_response_rate", "offline events and materials")
def offline_material_response_rate(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_offline_events"]
    rows["campaign"] = rows["campaign_id"].fillna(rows["event_id"])
    rows = rows[rows["handed_out"] > 0]
    return ratio(
        summed(rows, "event_date", ["campaign"], "coded_responses"),
        summed(rows, "event_date", ["campaign"], "handed_out"),
    )


def touches_of_customers(facts: Facts) -> pd.DataFrame:
    """Touches whose customer is known by the links."""
    rows = facts["core.fct_touchpoints"].drop(columns=["source_system", "customer_id"], errors="ignore")
    rows = rows.rename(columns={"customer_system": "source_system"})
    return rows.merge(facts.links, on=["source_system", "source_customer_key"])


def person_weeks(facts: Facts, keys: list[str]) -> pd.DataFrame:
    """Touches of a customer in a week from Monday."""
    rows = touches_of_customers(facts)
    rows = rows[rows["is_outbound"]].assign(day=lambda f: pd.to_datetime(f["touched_date"]))
    rows["week"] = rows["day"] - pd.to_timedelta(rows["day"].dt.weekday, unit="D")
    weeks = rows.groupby(["week", "customer_id", *keys], as_index=False).size()
    return weeks.assign(one=1, over=(weeks["size"] > CAP).astype(int))


def per_person(facts: Facts, measure: str) -> pd.DataFrame:
    """A mean over persons and weeks; by channel of the channel's own touches."""
    parts = []
    for dimension in ("total", "marketing_channel"):
        by = [] if dimension == "total" else [dimension]
        weeks = person_weeks(facts, by)
        mean = ratio(summed(weeks, "week", by, measure, grains=WEEKS), summed(weeks, "week", by, "one", grains=WEEKS))
        parts.append(mean[mean["dimension"] == dimension])
    return pd.concat(parts, ignore_index=True)


@independent("contact_frequency", OUTBOUND)
def contact_frequency(facts: Facts) -> pd.DataFrame:
    return per_person(facts, "size")


@independent("over_contact_share", OUTBOUND)
def over_contact_share(facts: Facts) -> pd.DataFrame:
    return per_person(facts, "over")


def purchases(facts: Facts) -> pd.DataFrame:
    """Paid orders, and won deals that no order stands for, of customers known by the links: key, customer, time."""
    orders, deals = facts["core.fct_orders"], facts["core.fct_opportunities"]
    orders = orders[orders["is_paid_order"]].assign(
        kind="order", key=lambda f: f["order_key"], at=lambda f: f["paid_at"]
    )
    deals = deals[deals["is_won"] & ~deals["has_linked_order"]]
    deals = deals.assign(kind="deal", key=lambda f: f["opportunity_key"], at=lambda f: f["won_at"])
    columns = ["kind", "key", "at", "source_system", "source_customer_key", "marketing_channel"]
    return pd.concat([orders[columns], deals[columns]], ignore_index=True).merge(
        facts.links, on=["source_system", "source_customer_key"], how="left"
    )


@independent("triggered_touch_uplift", "touches of customers that the company made, paid orders, won deals")
def triggered_touch_uplift(facts: Facts) -> pd.DataFrame:
    touches = touches_of_customers(facts)
    touches = touches[touches["is_outbound"]].reset_index(drop=True)
    pairs = touches[["touchpoint_key", "customer_id", "touched_at"]].merge(purchases(facts), on="customer_id")
    answered = pairs[(pairs["at"] > pairs["touched_at"]) & (pairs["at"] <= pairs["touched_at"] + ANSWER)]
    touches["answered"] = touches["touchpoint_key"].isin(answered["touchpoint_key"]).astype(int)
    touches["one"] = 1
    sent, by_hand = touches[touches["trigger"].notna()], touches[touches["trigger"].isna()]

    def rate(of: pd.DataFrame, by: list[str]) -> pd.DataFrame:
        return ratio(summed(of, "touched_date", by, "answered"), summed(of, "touched_date", by, "one"))

    manual = rate(by_hand, [])[["grain", "period_start", "value"]]
    both = rate(sent, ["trigger"]).merge(manual, on=["grain", "period_start"], how="left", suffixes=("", "_manual"))
    both["value"] = both["value"] / both["value_manual"].where(both["value_manual"] != 0) - 1
    return both[[*KEYS, "value"]]


@independent("experiment_uplift", "exposures to experiments")
def experiment_uplift(facts: Facts) -> pd.DataFrame:
    """A unit is in the variant that it saw first; what it did in another does not count."""
    rows = facts["core.fct_experiment_exposures"]
    rows = rows.drop(columns="customer_id", errors="ignore").drop(columns="source_system")
    rows = rows.rename(columns={"customer_system": "source_system"})
    rows = rows.merge(facts.links, on=["source_system", "source_customer_key"], how="left")
    # a key without a customer stands for itself
    known = rows["customer_id"].fillna(rows["source_system"] + ":" + rows["source_customer_key"])
    rows["person"] = known.fillna(rows["visitor_token"])
    rows = rows[rows["person"].notna()].sort_values("exposed_at")
    first = rows.drop_duplicates(["experiment_id", "person"]).drop(columns="is_converted")
    of_variant = rows.groupby(["experiment_id", "person", "variant"], as_index=False)["is_converted"].any()
    units = first.merge(of_variant, on=["experiment_id", "person", "variant"])
    units["one"], units["converted"] = 1, units["is_converted"].astype(int)
    control = units["is_control"].fillna(False).astype(bool)

    def rate(of: pd.DataFrame, column: str) -> pd.DataFrame:
        """By experiment and by variant."""
        of = of.assign(member_of=of[column])
        value = ratio(
            summed(of, "exposed_date", {"x": "member_of"}, "converted", grains=GRAINS),
            summed(of, "exposed_date", {"x": "member_of"}, "one", grains=GRAINS),
        )
        return value[value["dimension"] == "x"]

    units["name"] = units["experiment_id"] + " " + units["variant"]
    controls = rate(units[control], "experiment_id").rename(columns={"member": "experiment_id", "value": "control"})
    controls = controls[["grain", "period_start", "experiment_id", "control"]]
    treated = units[~control]
    names = treated[["name", "experiment_id"]].drop_duplicates()
    parts = [
        rate(treated, "experiment_id").assign(dimension="experiment", experiment_id=lambda f: f["member"]),
        rate(treated, "name").assign(dimension="variant").merge(names.rename(columns={"name": "member"}), on="member"),
    ]
    both = pd.concat(parts).merge(controls, on=["grain", "period_start", "experiment_id"], how="left")
    both["value"] = both["value"] / both["control"].where(both["control"] != 0) - 1
    return both[[*KEYS, "value"]]
