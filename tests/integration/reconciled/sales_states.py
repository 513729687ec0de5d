"""Sales KPIs over states: sellers, receivables, contracts, stock, stores, approvals. Not here: revenue's parts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.integration.reconciled.frames import (
    GRAINS,
    NONE,
    Facts,
    counted,
    independent,
    median,
    period_start,
    ratio,
)
from tests.integration.reconciled.orders import LINES, columns, paid_orders, revenue_events, summed

LONG = ("month", "quarter", "year")
WIDTH = {
    "day": pd.DateOffset(days=1),
    "week": pd.DateOffset(weeks=1),
    "month": pd.DateOffset(months=1),
    "quarter": pd.DateOffset(months=3),
    "year": pd.DateOffset(years=1),
}


def period_end(start: pd.Series, grain: str) -> pd.Series:
    """Last day of each period."""
    return start + WIDTH[grain] - pd.Timedelta(days=1)


def days_held(states: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """One row per state and day: `states` has `begins` and `ends` (both in it); other columns are kept."""
    begins, ends = pd.to_datetime(states["begins"]), pd.to_datetime(states["ends"]).fillna(last)
    begins, ends = begins.where(begins > first, first), ends.where(ends < last, last)
    days: list[Any] = [pd.date_range(b, e).to_list() for b, e in zip(begins, ends, strict=True) if b <= e]
    states = states[begins <= ends].assign(day=days)
    return states.explode("day").assign(day=lambda f: pd.to_datetime(f["day"])).reset_index(drop=True)


def mean_over_days(
    daily: pd.DataFrame, dimensions: dict[str, str], measure: str, grains: tuple[str, ...], last: pd.Timestamp
) -> pd.DataFrame:
    """Sum of the daily measure over the days of the period, or those up to the build in the one that runs."""
    sums = summed(daily, "day", dimensions, measure, grains=grains)
    parts = []
    for grain, part in sums.groupby("grain"):
        end = period_end(part["period_start"], str(grain))
        end = end.where(end < last, last)
        parts.append(part.assign(value=part["value"] / ((end - part["period_start"]).dt.days + 1)))
    return pd.concat(parts, ignore_index=True)


@independent("revenue_per_seller", LINES + ", employees")
def revenue_per_seller(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    events = revenue_events(facts)
    people = facts["core.dim_employee"]
    people = people[people["role"] == "seller"]
    for column in ("valid_from", "valid_to", "hired_date", "left_date"):
        people[column] = pd.to_datetime(people[column].astype(str), errors="coerce")
    people["begins"] = people[["valid_from", "hired_date"]].max(axis=1)
    people["ends"] = people[["valid_to", "left_date"]].min(axis=1)
    people["sellers"] = 1.0
    daily = days_held(people, events["day"].min(), last)
    dimensions = columns("region")
    return ratio(
        summed(events, "day", dimensions, "amount", grains=LONG),
        mean_over_days(daily, dimensions, "sellers", LONG, last),
    )


@independent("selling_expense_ratio", LINES + ", booked expenses")
def selling_expense_ratio(facts: Facts) -> pd.DataFrame:
    dimensions = columns("region")
    return ratio(
        summed(facts["core.fct_expenses"], "expense_date", dimensions, "reporting_amount", grains=LONG),
        summed(revenue_events(facts), "day", dimensions, "amount", grains=LONG),
    )


@independent("collection_rate", "receivables and the changes of their balances")
def collection_rate(facts: Facts) -> pd.DataFrame:
    changes = facts["core.fct_receivables"]
    changes["due"] = pd.to_datetime(changes["due_date"])
    changes["changed"] = pd.to_datetime(changes["changed_date"])
    changes = changes[changes["due"] <= pd.Timestamp(facts.as_of)]
    latest = changes[changes["is_latest"]]
    dimensions = columns("region", "employee", "customer_tier")
    parts = []
    for grain in GRAINS:
        end = period_end(period_start(changes["due"], grain), grain)
        received = changes[changes["changed"] <= end]
        parts.append(
            ratio(
                summed(received, "due", dimensions, "change_received_reporting_amount", grains=(grain,)),
                summed(latest, "due", dimensions, "reporting_amount", grains=(grain,)),
            )
        )
    return pd.concat(parts, ignore_index=True)


@independent("days_sales_outstanding", "receivables and the changes of their balances")
def days_sales_outstanding(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    changes = facts["core.fct_receivables"]
    changes["begins"], changes["ends"] = pd.to_datetime(changes["changed_date"]), last
    daily = days_held(changes, changes["begins"].min(), last)
    dimensions = {"region": "region", "credit_rating": "credit_rating"}
    # mean balance x days of the period is the sum of the daily balances
    balance = summed(daily, "day", dimensions, "change_balance_reporting_amount", grains=LONG)
    return ratio(balance, summed(changes, "issued_date", dimensions, "change_reporting_amount", grains=LONG))


def contracts_active(facts: Facts) -> pd.DataFrame:
    contracts = facts["core.fct_contracts"]
    contracts = contracts[contracts["is_signed"]]
    for column in ("signed_date", "start_date", "end_date", "defaulted_date"):
        contracts[column] = pd.to_datetime(contracts[column])
    contracts["begins"] = contracts["start_date"].fillna(contracts["signed_date"])
    contracts["ends"] = contracts[["end_date", "defaulted_date"]].min(axis=1)
    return contracts


@independent("contract_default_rate", "signed contracts")
def contract_default_rate(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    contracts = contracts_active(facts)
    daily = days_held(contracts, contracts["begins"].min(), last)
    defaulted = contracts[contracts["is_defaulted"] & (contracts["defaulted_date"] <= last)]
    dimensions = columns("region")
    return ratio(
        counted(defaulted, "defaulted_date", dimensions, "contract_key"),
        counted(daily, "day", dimensions, "contract_key"),
    )


@independent("discount_approval_days", "decided requests for a discount")
def discount_approval_days(facts: Facts) -> pd.DataFrame:
    requests = facts["core.fct_approvals"]
    requests = requests[(requests["approval_kind"] == "discount") & requests["is_decided"]]
    return median(requests, "decided_date", columns("region"), "decision_working_days")


@independent("contract_approval_days", "approved contracts")
def contract_approval_days(facts: Facts) -> pd.DataFrame:
    return median(facts["core.fct_contracts"], "approved_date", columns("region"), "approval_working_days")


@independent("contract_signing_days", "signed contracts")
def contract_signing_days(facts: Facts) -> pd.DataFrame:
    contracts = facts["core.fct_contracts"]
    return median(contracts[contracts["is_signed"]], "signed_date", columns("region"), "signing_working_days")


@independent("mobile_signing_share", "signed contracts")
def mobile_signing_share(facts: Facts) -> pd.DataFrame:
    contracts = facts["core.fct_contracts"]
    contracts = contracts[contracts["is_signed"]]
    mobile = contracts[contracts["is_mobile"].eq(True).fillna(False).astype(bool)]
    return ratio(
        counted(mobile, "signed_date", columns("region"), "contract_key"),
        counted(contracts, "signed_date", columns("region"), "contract_key"),
    )


@independent("inventory_turnover", LINES + ", counted stock")
def inventory_turnover(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    stock = facts["core.fct_stock"]
    stock["begins"] = pd.to_datetime(stock["stock_date"])
    count = ["source_system", "product_id", "channel", "store_id"]
    stock = stock.sort_values("begins")
    stock["ends"] = stock.groupby(count, dropna=False)["begins"].shift(-1) - pd.Timedelta(days=1)
    daily = days_held(stock, stock["begins"].min(), last)
    dimensions = columns("product_line", "store")
    events = revenue_events(facts)
    # nothing of a service is ever in stock
    goods = events[events["product_type"] != "service"]
    return ratio(
        summed(goods, "day", dimensions, "cost", grains=LONG),
        mean_over_days(daily, dimensions, "stock_reporting_value", LONG, last),
    )


def of_stores(facts: Facts, events: pd.DataFrame) -> pd.DataFrame:
    return events[events["store_id"].isin(facts["core.dim_store"]["store_id"])]


@independent("store_visit_conversion", "paid orders of stores, visitors of stores")
def store_visit_conversion(facts: Facts) -> pd.DataFrame:
    traffic = facts["core.fct_store_traffic"]
    traffic = traffic[traffic["visitors"].notna()]
    traffic["day"] = pd.to_datetime(traffic["traffic_date"])
    orders = of_stores(facts, paid_orders(facts))
    orders["day"] = pd.to_datetime(orders["paid_date"])
    orders = orders.merge(traffic[["store_id", "day"]].drop_duplicates(), on=["store_id", "day"])
    dimensions = columns("store")
    return ratio(counted(orders, "day", dimensions, "order_key"), summed(traffic, "day", dimensions, "visitors"))


@independent("store_sales_per_square_metre", "paid order lines and refunds of stores, list of stores")
def store_sales_per_square_metre(facts: Facts) -> pd.DataFrame:
    last = pd.Timestamp(facts.as_of)
    events = of_stores(facts, revenue_events(facts))
    stores = facts["core.dim_store"]
    # a store is there from its first visitors or sales
    traffic = facts["core.fct_store_traffic"].rename(columns={"traffic_date": "day"})
    seen = pd.concat([traffic[["store_id", "day"]], events[["store_id", "day"]]])
    first = seen.assign(day=pd.to_datetime(seen["day"])).groupby("store_id")["day"].min()
    stores["begins"], stores["ends"] = stores["store_id"].map(first), pd.to_datetime(stores["closed_date"])
    daily = days_held(stores[stores["begins"].notna()], first.min(), last)
    dimensions = columns("store")
    return ratio(
        summed(events, "day", dimensions, "amount"),
        mean_over_days(daily, dimensions, "floor_area", GRAINS, last),
    )


def one_off_sales(events: pd.DataFrame) -> pd.DataFrame:
    """Sales (orders and deals) above 5 x the 99th percentile of the sales of their product line."""
    sold = events[events["kind"] != "refund"].assign(sale=lambda f: f["order_key"].fillna(f["opportunity_key"]))
    sales = sold.groupby(["product_line", "region", "sale"], as_index=False).agg(
        amount=("amount", "sum"), day=("day", "min")
    )
    return sales[sales["amount"] > 5 * sales.groupby("product_line")["amount"].transform("quantile", 0.99)]


@independent("forecast_error", LINES + "; the forecasts from revenue_forecast")
def forecast_error(facts: Facts) -> pd.DataFrame:
    events = revenue_events(facts)
    events["product_line"], events["region"] = events["product_line"].fillna(NONE), events["region"].fillna(NONE)
    without = pd.concat([events, one_off_sales(events).assign(amount=lambda f: -f["amount"])])
    without["month"] = period_start(without["day"], "month")
    actual = without.groupby(["month", "region", "product_line"], as_index=False)["amount"].sum()
    cells = facts["goals.revenue_forecast"]
    # made one quarter ahead, for months that are over
    cells = cells[cells["lead_months"] == 3].assign(month=lambda f: pd.to_datetime(f["month"]))
    cells = cells[period_end(cells["month"], "month") <= pd.Timestamp(facts.as_of)]
    cells = cells.merge(actual, on=["month", "region", "product_line"], how="left")
    cells["actual"] = cells["amount"].fillna(0.0).round(4)
    cells["error"] = (cells["forecast_reporting_amount"] - cells["actual"]).abs()
    dimensions = columns("region", "product_line")
    return ratio(
        summed(cells, "month", dimensions, "error", grains=LONG),
        summed(cells, "month", dimensions, "actual", grains=LONG),
    )
