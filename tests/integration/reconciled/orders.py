"""Revenue, orders and what is made of them, from order lines, refunds and deals. Not here: shares of revenue."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.integration.reconciled.frames import (
    NONE,
    Facts,
    counted,
    independent,
    ratio,
)
from tests.integration.reconciled.frames import summed as plain_sum

LINES = "paid order lines, refunds, won deals"
ORDERS = "paid orders and their lines"
#: Dimension of a KPI: column of the events.
COLUMNS = {
    "region": "region",
    "channel": "channel",
    "product_line": "product_line",
    "employee": "employee_id",
    "team": "team",
    "store": "store_id",
    "industry": "industry",
    "customer_tier": "customer_tier",
}


def columns(*dimensions: str) -> dict[str, str]:
    return {dimension: COLUMNS[dimension] for dimension in dimensions}


def summed(*arguments: Any, **options: Any) -> pd.DataFrame:
    """Sums of money: four decimals, so that what cancels out is 0."""
    sums = plain_sum(*arguments, **options)
    return sums.assign(value=sums["value"].round(4))


def tier_on(facts: Facts, customer_id: pd.Series, day: pd.Series) -> pd.Series:
    """Value class that the last ended quarter gave the customer; none where it had none."""
    tiers = facts["customers.customer_tiers"][["customer_id", "quarter_start_date", "customer_tier"]]
    following = pd.to_datetime(tiers["quarter_start_date"]) + pd.DateOffset(months=3)
    tiers["in_force"] = following.dt.to_period("Q").astype(str)
    asked = pd.DataFrame({"customer_id": customer_id, "in_force": pd.to_datetime(day).dt.to_period("Q").astype(str)})
    return (
        asked.merge(tiers, on=["customer_id", "in_force"], how="left")["customer_tier"].fillna(NONE).set_axis(day.index)
    )


def refund_parts(facts: Facts) -> pd.DataFrame:
    """Counted refunds; one of a whole order is spread over the order's sale lines by net amount."""
    refunds = facts["core.fct_refunds"]
    refunds = refunds[refunds["is_counted"]]
    lines = facts["core.fct_order_lines"]
    orders = facts["core.fct_orders"][["order_key", "team", "store_id"]]
    sold = lines[lines["is_product_sale"] & ~lines["is_return"]].sort_values(["order_key", "line_number"])
    sold = sold[["order_key", "product_id", "product_line", "net_amount"]]
    weight = sold.groupby("order_key")["net_amount"]
    sold["upto"] = weight.cumsum() / weight.transform("sum")
    sold["before"] = (weight.cumsum() - sold["net_amount"]) / weight.transform("sum")
    whole = refunds[refunds["line_number"].isna()].drop(columns="product_id").merge(sold, on="order_key", how="left")
    upto, before = whole["upto"].fillna(1.0), whole["before"].fillna(0.0)
    # money has four decimals: the running sum is rounded, half up, so that the parts sum to the refund
    rounded = [np.floor(whole["reporting_amount"] * part * 1e4 + 0.5 + 1e-6) / 1e4 for part in (upto, before)]
    whole["amount"] = rounded[0] - rounded[1]
    single = refunds[refunds["line_number"].notna()].merge(
        lines[["order_key", "line_number", "product_line", "cost_reporting_amount"]],
        on=["order_key", "line_number"],
        how="left",
    )
    single["amount"] = single["reporting_amount"]
    # only a return line brings goods back, and with them their cost
    single["cost"] = (-single["cost_reporting_amount"].abs()).where(single["refund_kind"] == "return_line", 0.0)
    parts = pd.concat([whole.assign(cost=0.0), single], ignore_index=True)
    return parts.merge(orders, on="order_key", how="left")


def revenue_events(facts: Facts) -> pd.DataFrame:
    """Day and amount: lines by payment date, refunds by refund date, won deals without an order by won date."""
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"]].assign(
        kind="sale",
        day=lambda f: f["paid_date"],
        amount=lambda f: f["net_reporting_amount"],
        cost=lambda f: f["cost_reporting_amount"],
    )
    refunds = refund_parts(facts).assign(kind="refund", day=lambda f: f["refunded_date"], amount=lambda f: -f["amount"])
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_won"] & ~deals["has_linked_order"]].assign(
        kind="deal",
        day=lambda f: f["won_date"],
        amount=lambda f: f["reporting_amount"],
        cost=lambda f: f["cost_reporting_amount"],
    )
    events = pd.concat([lines, refunds, deals.drop(columns="industry")], ignore_index=True)
    customers = facts["core.dim_customer"][["customer_id", "industry", "is_industry_emerging"]]
    events = events.merge(customers, on="customer_id", how="left")
    channels = facts["core.dim_channel"][["channel", "channel_group", "is_online"]]
    products = facts["core.dim_product"][["product_id", "product_type", "is_high_margin"]]
    events = events.merge(channels, on="channel", how="left").merge(products, on="product_id", how="left")
    # a deal names no product: it is what all products of its line are
    types = facts["core.dim_product"].groupby("product_line")["product_type"].agg(["first", "nunique"])
    of_line = events["product_line"].map(types[types["nunique"] == 1]["first"])
    events["product_type"] = events["product_type"].fillna(of_line.where(events["kind"] == "deal"))
    events["day"] = pd.to_datetime(events["day"])
    for flag in ("is_online", "is_high_margin", "is_industry_emerging"):
        events[flag] = events[flag].eq(True).fillna(False).astype(bool)
    events["amount"] = events["amount"].astype(float)
    events["customer_tier"] = tier_on(facts, events["customer_id"], events["day"])
    return events


def paid_orders(facts: Facts) -> pd.DataFrame:
    """Sale lines of paid orders, and paid orders without lines; `order_key` is to be counted once."""
    orders = facts["core.fct_orders"]
    orders = orders[orders["is_paid_order"]]
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"] & lines["order_key"].isin(orders["order_key"])]
    bare = orders[~orders["order_key"].isin(lines["order_key"])]
    return pd.concat([lines, bare], ignore_index=True)


@independent("revenue", LINES + ", customers; the class from customer_tiers")
def revenue(facts: Facts) -> pd.DataFrame:
    return summed(revenue_events(facts), "day", COLUMNS, "amount")


@independent("gross_profit", LINES)
def gross_profit(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    events = events[events["cost"].notna()].assign(profit=lambda f: f["amount"] - f["cost"])
    return summed(events, "day", columns("region", "channel", "product_line"), "profit")


@independent("gross_margin", LINES)
def gross_margin(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    events = events[events["cost"].notna()]
    return ratio(gross_profit(facts), summed(events, "day", columns("region", "channel", "product_line"), "amount"))


@independent("orders", ORDERS)
def orders(facts: Facts) -> pd.DataFrame:
    dimensions = columns("region", "channel", "product_line", "store")
    return counted(paid_orders(facts), "paid_date", dimensions, "order_key")


@independent("units_sold", "paid order lines")
def units_sold(facts: Facts) -> pd.DataFrame:
    lines = facts["core.fct_order_lines"]
    dimensions = columns("region", "channel", "product_line", "store")
    return summed(lines[lines["is_sale"]], "paid_date", dimensions, "quantity")


@independent("average_order_value", "paid order lines, refunds, paid orders")
def average_order_value(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    dimensions = columns("region", "channel", "product_line")
    top = summed(events[events["kind"] != "deal"], "day", dimensions, "amount")
    return ratio(top, counted(paid_orders(facts), "paid_date", dimensions, "order_key"))


@independent("revenue_per_customer", LINES + ", paid orders, resolved customers; the class from customer_tiers")
def revenue_per_customer(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    dimensions = columns("region", "channel", "customer_tier")
    bare = paid_orders(facts).assign(day=lambda f: pd.to_datetime(f["paid_date"]))
    bare["customer_tier"] = tier_on(facts, bare["customer_id"], bare["day"])
    paying = pd.concat([events[events["kind"] != "refund"], bare], ignore_index=True)
    return ratio(summed(events, "day", dimensions, "amount"), counted(paying, "day", dimensions, "customer_id"))


@independent("refund_rate", "paid order lines, refunds")
def refund_rate(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    dimensions = columns("channel", "product_line")
    refunds = events[events["kind"] == "refund"].assign(refunded=lambda f: -f["amount"])
    paid = summed(events[events["kind"] == "sale"], "day", dimensions, "amount")
    return ratio(summed(refunds, "day", dimensions, "refunded"), paid)


@independent("discount_rate", "paid order lines")
def discount_rate(facts: Facts) -> pd.DataFrame:
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"]]
    dimensions = columns("channel", "product_line", "employee")
    return ratio(
        summed(lines, "paid_date", dimensions, "discount_reporting_amount"),
        summed(lines, "paid_date", dimensions, "list_reporting_amount"),
    )
