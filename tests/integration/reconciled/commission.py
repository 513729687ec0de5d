"""Commission, line by line. Not here: the seller's attainment, the process of deals, the segments of customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.integration.reconciled.customer_facts import first_purchases, purchases, segments
from tests.integration.reconciled.frames import Facts, independent, summed
from tests.integration.reconciled.orders import revenue_events
from tests.integration.reconciled.people import BROAD
from tests.integration.reconciled.sellers import attainments, judged_opportunities

KEYS = ["month", "employee_id"]
#: Awards whose winner is read from the statements: what they are won by is not told by the facts alone.
READ = ("lead_conversion_award", "collection_award", "satisfaction_award", "mentor_bonus")


def cents(amount: pd.Series) -> pd.Series:
    """Rounded to two decimals, half away from zero."""
    return np.sign(amount) * np.floor(amount.abs() * 100 + 0.5 + 1e-6) / 100


def sales(facts: Facts) -> pd.DataFrame:
    """Sales and refunds of sellers with `month`, `is_new`, `is_core` and `is_unhandled`."""
    events = revenue_events(facts)
    events = events[events["employee_id"].notna() & events["day"].notna()]
    people = facts["core.dim_employee"]
    sellers = set(people[people["role"] == "seller"]["employee_id"])
    events = events[events["employee_id"].isin(sellers)]
    events["month"] = events["day"].dt.to_period("M").dt.start_time
    first = first_purchases(facts)
    first_day = pd.to_datetime(events["customer_id"].map(first.set_index("customer_id")["day"]))
    events["is_new"] = first_day.dt.to_period("M") == events["day"].dt.to_period("M")
    core = {month: core_at(facts, month) for month in events["month"].unique()}
    events["is_core"] = [
        customer in core[month] for customer, month in zip(events["customer_id"], events["month"], strict=True)
    ]
    deals = judged_opportunities(facts)
    unhandled = deals[~deals["is_compliant"] & deals["lead_id"].notna()]
    keys = set(unhandled["source_system"] + ":" + unhandled["order_id"].astype("object").fillna("?"))
    events["is_unhandled"] = events["opportunity_key"].isin(unhandled["opportunity_key"]) | events["order_key"].isin(
        keys
    )
    return events


def core_at(facts: Facts, month: pd.Timestamp) -> set[str]:
    """Customers whose segment was core on the day before the month."""
    found = segments(facts, month - pd.Timedelta(days=1))
    return set(found[found["segment"] == "core"]["customer_id"])


def rates(sold: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Per month and seller: sales, and the points that core and new customers add."""
    found = sold.groupby(KEYS, as_index=False)[["amount"]].sum()
    new = sold[sold["is_new"]].groupby(KEYS)["amount"].sum()
    found = found.merge(new.rename("new_amount").reset_index(), on=KEYS, how="left").fillna({"new_amount": 0.0})
    owner = facts["core.dim_customer"].set_index("customer_id")["owner_employee_id"]
    # wherever they bought
    bought_in = purchases(facts).assign(month=lambda f: f["day"].dt.to_period("M").dt.start_time)
    again = []
    for month, employee in zip(found["month"], found["employee_id"], strict=True):
        own = {customer for customer in core_at(facts, month) if owner.get(customer) == employee}
        bought = bought_in[(bought_in["month"] == month) & bought_in["customer_id"].isin(own)]["customer_id"].nunique()
        again.append(bought / len(own) if own else 0.0)
    found["core_rate"] = np.where(np.array(again) > 0.8, 0.005, 0.0)
    found["new_rate"] = np.where(found["new_amount"] > 0.3 * found["amount"], 0.005, 0.0)
    return found


def earned(facts: Facts, sold: pd.DataFrame) -> pd.DataFrame:
    """Lines before awards: month, employee_id, kind, amount."""
    found = rates(sold, facts)
    parts = [
        found[KEYS].assign(kind="revenue", amount=0.02 * found["amount"]),
        found[KEYS].assign(kind="core_repurchase", amount=found["core_rate"] * found["amount"]),
        found[KEYS].assign(kind="new_customer", amount=found["new_rate"] * found["amount"]),
    ]
    unhandled = sold[sold["is_unhandled"]].groupby(KEYS, as_index=False)[["amount"]].sum()
    unhandled = unhandled.merge(found[[*KEYS, "core_rate", "new_rate"]], on=KEYS)
    rate = -0.1 * (0.02 + unhandled["core_rate"] + unhandled["new_rate"])
    parts.append(unhandled[KEYS].assign(kind="unhandled_leads", amount=rate * unhandled["amount"]))
    quarters = attainments(facts)
    quarters["month"] = quarters["period_start"] + pd.DateOffset(months=2)
    quarters = quarters[quarters["month"] + pd.offsets.MonthEnd(0) <= pd.Timestamp(facts.as_of)]
    beyond = quarters["amount"] - quarters["target"]
    step = np.select([beyond >= 0.2 * quarters["target"], beyond >= 0.1 * quarters["target"]], [0.01, 0.005], 0.0)
    parts.append(quarters[KEYS].assign(kind="beyond_target", amount=step * beyond))
    lines = pd.concat(parts, ignore_index=True)
    return lines.assign(amount=cents(lines["amount"]))


def clawed_back(facts: Facts, events: pd.DataFrame) -> pd.DataFrame:
    """Refunds take back, in their month, at the rate of the month of the sale; at 2% where it had none."""
    paid = facts["core.fct_orders"][["order_key", "paid_date"]]
    refunds = events[events["kind"] == "refund"].drop(columns="paid_date").merge(paid, on="order_key", how="left")
    refunds["sale_month"] = pd.to_datetime(refunds["paid_date"]).dt.to_period("M").dt.start_time
    known = rates(events[events["kind"] != "refund"], facts).rename(columns={"month": "sale_month"})
    known["rate"] = 0.02 + known["core_rate"] + known["new_rate"]
    refunds = refunds.merge(known[["sale_month", "employee_id", "rate"]], on=["sale_month", "employee_id"], how="left")
    sums = refunds.fillna({"rate": 0.02}).groupby([*KEYS, "rate"], as_index=False)[["amount"]].sum()
    return sums.assign(kind="claw_back", amount=cents(sums["rate"] * sums["amount"]))


def contributed(facts: Facts, events: pd.DataFrame) -> pd.DataFrame:
    """2% of what a customer buys later goes to who, not being its seller, contributed the customer's deal."""
    given = facts["core.fct_collaboration"]
    given = given[(given["collaboration_kind"] == "shared_deal") & given["opportunity_id"].notna()]
    deals = facts["core.fct_opportunities"][["opportunity_id", "customer_id", "employee_id"]]
    given = given[["opportunity_id", "employee_id", "contributed_date"]].rename(columns={"employee_id": "giver"})
    given = given.merge(deals, on="opportunity_id")
    given = given[given["giver"] != given["employee_id"]]
    # a customer has one contributor: the first
    given = given.sort_values(["contributed_date", "giver"]).drop_duplicates("customer_id")
    later = given.drop(columns="employee_id").merge(
        events[["customer_id", "employee_id", "day", "month", "amount"]], on="customer_id"
    )
    later = later[(later["day"] > later["contributed_date"]) & (later["giver"] != later["employee_id"])]
    sums = later.groupby(["month", "giver"], as_index=False)[["amount"]].sum()
    sums = sums.rename(columns={"giver": "employee_id"})
    return sums.assign(kind="contributed_customers", amount=cents(0.02 * sums["amount"]))


def lines(facts: Facts) -> pd.DataFrame:
    """All lines of all statements: month, employee_id, kind, amount."""
    events = sales(facts)
    sold = events[events["kind"] != "refund"]
    columns = [*KEYS, "kind", "amount"]
    base = pd.concat([earned(facts, sold)[columns], clawed_back(facts, events)[columns]], ignore_index=True)
    month = base.groupby(KEYS, as_index=False)[["amount"]].sum().rename(columns={"amount": "earned"})
    month = month[month["earned"] > 0]
    winners = []
    for kind, flag in (("new_customer_star", "is_new"), ("core_customer_star", "is_core")):
        sums = sold[sold[flag]].groupby(KEYS, as_index=False)[["amount"]].sum()
        stars = sums.sort_values(["month", "amount"], ascending=[True, False]).drop_duplicates("month")
        winners.append(stars[KEYS].assign(kind=kind, share=0.1))
    published = facts["team.commission_lines"].rename(columns={"month_start": "month", "line_kind": "kind"})
    read = published[published["kind"].isin(READ)]
    winners.append(read[[*KEYS, "kind"]].assign(share=np.where(read["kind"] == "mentor_bonus", 0.05, 0.1)))
    awards = pd.concat(winners, ignore_index=True).merge(month, on=KEYS)
    awards["amount"] = cents(awards["share"] * awards["earned"])
    return pd.concat([base[columns], awards[columns], contributed(facts, events)[columns]], ignore_index=True)


@independent(
    "commission",
    "paid order lines, refunds, won deals, goals, leads, customers, contributions; winners of the process awards "
    "and paid mentors read from the statements",
)
def commission(facts: Facts) -> pd.DataFrame:
    return summed(lines(facts), "month", {"employee": "employee_id"}, "amount", grains=BROAD)
