"""KPIs of lost customers, of what was recommended to customers and bought together, and of the largest customers."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd

from tests.integration.reconciled.customer_facts import (
    ID,
    as_of,
    attributes,
    bought_lines,
    in_months,
    orders,
    purchases,
)
from tests.integration.reconciled.frames import (
    KEYS,
    NONE,
    Facts,
    independent,
    period_start,
    ratio,
    summed,
)
from tests.integration.reconciled.orders import revenue_events

TIER = "class of `customers.customer_tiers`"


def losses(facts: Facts) -> pd.DataFrame:
    """A row per customer and 91st day without a paid order (`day`), with the day of the next one (`back`)."""
    paid = orders(facts).drop_duplicates([ID, "day"]).sort_values([ID, "day"])[[ID, "day"]]
    paid = paid.assign(back=paid.groupby(ID)["day"].shift(-1), last=paid["day"])
    lost = paid.assign(day=paid["last"] + pd.Timedelta(days=91))
    lost = lost[(lost["day"] <= as_of(facts)) & (lost["back"].isna() | (lost["back"] >= lost["day"]))]
    return lost.merge(attributes(facts), on=ID, how="left").reset_index(drop=True).assign(one=1.0)


@independent("win_back_rate", "paid orders")
def win_back_rate(facts: Facts) -> pd.DataFrame:
    lost = losses(facts)
    known = lost[lost["day"] + pd.Timedelta(days=90) <= as_of(facts)]
    back = known[known["back"] <= known["day"] + pd.Timedelta(days=90)]
    return ratio(summed(back, "day", ["region"], "one"), summed(known, "day", ["region"], "one"))


@independent("churn_reason_share", f"paid orders, survey answers of leavers; {TIER}")
def churn_reason_share(facts: Facts) -> pd.DataFrame:
    lost = losses(facts).assign(number=lambda f: range(len(f)))
    answers = facts["core.fct_survey_responses"]
    answers = answers[(answers["question_kind"] == "reason") & (answers["aspect"] == "leaving")]
    answers = answers.drop(columns=ID).merge(
        facts.links.rename(columns={"source_system": "customer_system"}), on=["customer_system", "source_customer_key"]
    )
    answers = answers.assign(
        asked=lambda f: (f["asked_at"].fillna(f["answered_at"]) + pd.Timedelta(hours=8)).dt.normalize()
    )
    joined = lost.merge(answers[[ID, "asked", "answered_at", "reason"]].rename(columns={"reason": "why"}), on=ID)
    joined = joined[(joined["asked"] >= joined["day"]) & (joined["back"].isna() | (joined["asked"] < joined["back"]))]
    joined = joined.sort_values("answered_at").drop_duplicates("number", keep="last")
    joined = joined.assign(reason=joined["why"].fillna(NONE))
    dimensions = ["reason", "customer_tier", "region"]
    asked = summed(joined, "day", dimensions, "one")
    stated = summed(joined[joined["reason"] != NONE], "day", dimensions, "one")
    whole = ratio(stated[stated["dimension"] != "reason"], asked[asked["dimension"] != "reason"])
    of_reason = stated[stated["dimension"] == "reason"].merge(
        asked[asked["dimension"] == "total"][["grain", "period_start", "value"]],
        on=["grain", "period_start"],
        suffixes=("_n", "_d"),
    )
    of_reason["value"] = of_reason["value_n"] / of_reason["value_d"]
    return pd.concat([whole, of_reason[[*KEYS, "value"]]], ignore_index=True)


@independent("bundle_lift", "paid orders and their lines")
def bundle_lift(facts: Facts) -> pd.DataFrame:
    paid = facts["core.fct_orders"]
    paid = paid[paid["is_paid_order"]].assign(day=lambda f: f["paid_date"])
    paid = in_months(paid, as_of(facts))
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"] & lines["order_key"].isin(paid["order_key"]) & lines["product_id"].notna()]
    baskets = [sorted(set(part)) for _, part in lines.groupby("order_key")["product_id"]]
    number = len(baskets)
    single = Counter(product for basket in baskets for product in basket)
    pairs = Counter(pair for basket in baskets for pair in combinations(basket, 2))

    def lift(a: str, b: str, count: int) -> float:
        return float(count * number / (single[a] * single[b]))

    rows = [
        (grain, period_start(pd.Series([as_of(facts)]), grain).iloc[0], "product_pair", f"{a} + {b}", lift(a, b, count))
        for (a, b), count in pairs.items()
        if count / number >= 0.005
        for grain in ("month", "quarter", "year")
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "value"])


@independent("recommendation_hit_rate", f"paid order lines; recommended: `customers.product_recommendations`; {TIER}")
def recommendation_hit_rate(facts: Facts) -> pd.DataFrame:
    found = facts["customers.product_recommendations"].drop(columns="customer_tier")
    found = found[found["as_of_date"] + pd.Timedelta(days=90) <= as_of(facts)].reset_index(drop=True)
    found = found.merge(attributes(facts)[[ID, "customer_tier"]], on=ID, how="left").assign(one=1.0)
    products = facts["core.dim_product"].set_index("product_id")["product_line"]
    found["product_line"] = found["product_id"].map(products)
    found["number"] = range(len(found))
    lines = bought_lines(facts).rename(columns={"product_line": "line_bought"})
    joined = found.merge(lines, on=[ID, "product_id"])
    later = (joined["day"] > joined["as_of_date"]) & (joined["day"] <= joined["as_of_date"] + pd.Timedelta(days=90))
    hit = found[found["number"].isin(joined[later]["number"])]
    dimensions = ["product_line", "customer_tier"]
    whole = summed(found, "as_of_date", dimensions, "one", grains=["quarter"])
    return ratio(summed(hit, "as_of_date", dimensions, "one", grains=["quarter"]), whole)


@independent("customer_success_coverage", "paid order lines, refunds, won deals; manager of `customers.customer_tiers`")
def customer_success_coverage(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    events = events[events[ID].notna()]
    bought = purchases(facts)
    managers = facts["customers.customer_tiers"]
    parts = []
    for day in sorted(managers["as_of_date"].unique()):
        revenue = in_months(events, pd.Timestamp(day)).groupby(ID)["amount"].sum()
        known = bought[bought["day"] <= day][ID].unique()
        revenue = revenue.reindex(known).fillna(0.0).round(4).rename("revenue")
        top = revenue.reset_index().sort_values(["revenue", ID], ascending=[False, True]).head(50)
        parts.append(top.assign(day=day))
    top = pd.concat(parts, ignore_index=True).merge(attributes(facts), on=ID, how="left").assign(one=1.0)
    manager = managers[managers["is_current"]].set_index(ID)["success_employee_id"]
    top["covered"] = np.where(top[ID].map(manager).notna(), 1.0, 0.0)
    covered = summed(top, "day", ["region"], "covered", grains=["quarter"])
    return ratio(covered, summed(top, "day", ["region"], "one", grains=["quarter"]))
