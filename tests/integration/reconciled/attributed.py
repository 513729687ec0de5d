"""KPIs of what marketing brings by attribution: revenue, orders, profit and customers against what they cost."""

from __future__ import annotations

import pandas as pd

from tests.integration.reconciled.advertising import reports
from tests.integration.reconciled.attribution import DEFAULT, KEY, WINDOW, attributed, conversions, credits, journeys
from tests.integration.reconciled.contacts import touches_of_customers
from tests.integration.reconciled.frames import (
    GRAINS,
    KEYS,
    NONE,
    Facts,
    counted,
    independent,
    median,
    ratio,
    share_of_total,
)
from tests.integration.reconciled.orders import revenue_events, summed

TOUCHES = "touches, customer links, paid orders, won deals"
REVENUE = TOUCHES + ", refunds"
AGAINST_SPEND = REVENUE + ", advertising reports"
BY_CAMPAIGN = {"platform": "platform", "campaign": "campaign_id", "marketing_channel": "marketing_channel"}


def spending(facts: Facts) -> pd.DataFrame:
    rows = reports(facts)
    return rows.assign(day=pd.to_datetime(rows["report_date"]), spend=rows["spend_reporting_amount"])


def labour(facts: Facts) -> pd.DataFrame:
    rows = facts["core.fct_expenses"]
    rows = rows[rows["category"] == "labour"]
    return rows.assign(day=pd.to_datetime(rows["expense_date"]), spend=rows["reporting_amount"], platform=NONE)


@independent("attributed_revenue", REVENUE + "; transitions of the Markov model from conversion_paths")
def attributed_revenue(facts: Facts) -> pd.DataFrame:
    """By model; by channel and campaign the default model; no total."""
    rows = attributed(facts)
    of_models = summed(rows, "day", {"attribution_model": "model"}, "revenue")
    rows = rows[rows["model"] == DEFAULT]
    by = {"marketing_channel": "marketing_channel", "campaign": "campaign_id"}
    both = pd.concat([of_models, summed(rows, "day", by, "revenue")])
    return both[both["dimension"] != "total"]


@independent("cost_per_acquisition", TOUCHES + ", advertising reports")
def cost_per_acquisition(facts: Facts) -> pd.DataFrame:
    return ratio(
        summed(spending(facts), "day", BY_CAMPAIGN, "spend"),
        summed(attributed(facts, [DEFAULT]), "day", BY_CAMPAIGN, "orders"),
    )


@independent("return_on_ad_spend", AGAINST_SPEND)
def return_on_ad_spend(facts: Facts) -> pd.DataFrame:
    """A product line by the campaigns that advertise it."""
    lines = facts["core.dim_campaign"][["platform", "campaign_id", "product_line"]]
    by = {**BY_CAMPAIGN, "product_line": "product_line"}
    rows = attributed(facts, [DEFAULT]).drop(columns="product_line")
    rows = rows.merge(lines, on=["platform", "campaign_id"], how="left")
    return ratio(summed(rows, "day", by, "revenue"), summed(spending(facts), "day", by, "spend"))


@independent("return_on_investment", AGAINST_SPEND + ", booked labour")
def return_on_investment(facts: Facts) -> pd.DataFrame:
    cost = pd.concat([spending(facts), labour(facts)], ignore_index=True)
    columns = ["day", *BY_CAMPAIGN.values(), "spend"]
    gain = attributed(facts, [DEFAULT]).assign(net=lambda f: f["profit"])
    net = pd.concat([gain, cost[columns].assign(net=-cost["spend"])], ignore_index=True)
    return ratio(summed(net, "day", BY_CAMPAIGN, "net"), summed(cost, "day", BY_CAMPAIGN, "spend"))


@independent("marginal_return", AGAINST_SPEND)
def marginal_return(facts: Facts) -> pd.DataFrame:
    """Changes from the day before; a day without figures had none."""
    days = {}
    for name, rows in (("revenue", attributed(facts, [DEFAULT])), ("spend", spending(facts))):
        rows = rows[rows["campaign_id"].fillna(NONE) != NONE]
        days[name] = rows.groupby(["day", "platform", "campaign_id"])[name].sum()
    both = pd.DataFrame(days).fillna(0.0).unstack(["platform", "campaign_id"], fill_value=0.0)
    both = both.reindex(pd.date_range(both.index.min(), pd.Timestamp(facts.as_of), name="day"), fill_value=0.0)
    change = both.diff().fillna(both).stack(["platform", "campaign_id"], future_stack=True).reset_index()
    return ratio(
        summed(change, "day", {"campaign": "campaign_id"}, "revenue", grains=["day"]),
        summed(change, "day", {"campaign": "campaign_id"}, "spend", grains=["day"]),
    )


@independent("budget_contribution_gap", AGAINST_SPEND + ", offline events")
def budget_contribution_gap(facts: Facts) -> pd.DataFrame:
    events = facts["core.fct_offline_events"]
    events = events.assign(day=pd.to_datetime(events["event_date"]), spend=events["cost_reporting_amount"])
    cost = pd.concat([spending(facts), events], ignore_index=True)
    by = ["marketing_channel"]
    used = summed(cost, "day", by, "spend")
    brought = summed(attributed(facts, [DEFAULT]), "day", by, "revenue")
    every = pd.concat([used, brought])[KEYS].drop_duplicates()
    shares = [
        share_of_total(every.merge(one, on=KEYS, how="left").fillna({"value": 0.0}), one) for one in (used, brought)
    ]
    both = shares[0].merge(shares[1], on=KEYS, suffixes=("", "_brought"))
    return both.assign(value=both["value"] - both["value_brought"])[[*KEYS, "value"]]


def first_purchases(facts: Facts) -> pd.DataFrame:
    """Of each customer, with the touch that the default model credits most."""
    rows = credits(facts, [DEFAULT])
    rows = rows[rows["customer_id"].notna()]
    rows = rows.sort_values(["day", "at", "kind", "key"], ascending=[True, True, False, True])
    return rows.drop_duplicates("customer_id", keep="first")


@independent("customer_acquisition_cost", TOUCHES + ", customers, advertising reports, booked labour")
def customer_acquisition_cost(facts: Facts) -> pd.DataFrame:
    """Campaigns that state no objective count as acquisition; labour outside campaigns of another objective."""
    by = {"marketing_channel": "marketing_channel", "campaign": "campaign_id", "region": "region"}
    spend = spending(facts)
    spend = spend[spend["objective"].fillna("acquisition").isin(["acquisition", NONE])]
    cost = pd.concat([spend, labour(facts)], ignore_index=True)
    new = first_purchases(facts)
    region = facts["core.dim_customer"].set_index("customer_id")["region"]
    stated = new["region"].where(new["region"].fillna(NONE) != NONE)
    new["region"] = stated.fillna(new["customer_id"].map(region))
    return ratio(summed(cost, "day", by, "spend"), counted(new, "day", by, "customer_id"))


@independent("purchase_decision_hours", TOUCHES)
def purchase_decision_hours(facts: Facts) -> pd.DataFrame:
    first = journeys(facts)
    first = first[first["place"] == 1].drop(columns="product_line")
    first["hours"] = (first["at"] - first["touched_at"]).dt.total_seconds() / 3600
    sold = facts["core.fct_order_lines"]
    sold = sold[sold["is_sale"]].assign(kind="order", key=lambda f: f["order_key"])
    deals = conversions(facts)
    lines = pd.concat([sold, deals[deals["kind"] == "deal"]])[[*KEY, "product_line"]].drop_duplicates()
    of_lines = median(first.merge(lines, on=KEY, how="left"), "day", ["product_line"], "hours", grains=GRAINS)
    of_all = median(first, "day", ["marketing_channel"], "hours", grains=GRAINS)
    return pd.concat([of_all, of_lines[of_lines["dimension"] == "product_line"]], ignore_index=True)


def event_customers(facts: Facts) -> pd.DataFrame:
    """First purchases of which the last touch with a code, in the window before, has an event's: with its campaign."""
    events = facts["core.fct_offline_events"]
    events["campaign"] = events["campaign_id"].fillna(events["event_id"])
    events = events[events["response_code"].notna()].drop_duplicates("response_code")
    touches = touches_of_customers(facts)
    touches = touches[touches["event_code"].notna()][["customer_id", "touched_at", "event_code"]]
    first = first_purchases(facts)[["customer_id", "at", "day"]]
    pairs = first.merge(touches, on="customer_id")
    pairs = pairs[(pairs["touched_at"] <= pairs["at"]) & (pairs["touched_at"] >= pairs["at"] - WINDOW)]
    last = pairs.sort_values("touched_at").drop_duplicates("customer_id", keep="last")
    return last.merge(events[["response_code", "campaign"]], left_on="event_code", right_on="response_code")


@independent("event_customer_acquisition_cost", "offline events, " + TOUCHES)
def event_customer_acquisition_cost(facts: Facts) -> pd.DataFrame:
    events = facts["core.fct_offline_events"]
    events["campaign"] = events["campaign_id"].fillna(events["event_id"])
    return ratio(
        summed(events, "event_date", ["campaign"], "cost_reporting_amount"),
        counted(event_customers(facts), "day", ["campaign"], "customer_id"),
    )


@independent("event_six_month_value", "offline events, " + REVENUE)
def event_six_month_value(facts: Facts) -> pd.DataFrame:
    """Revenue less refunds from the first purchase on, six months long; by the day of the first purchase."""
    new = event_customers(facts)
    if new.empty:
        return pd.DataFrame(columns=[*KEYS, "value"]).astype({"value": float})
    revenue = revenue_events(facts)[["customer_id", "day", "amount"]].rename(columns={"day": "revenue_day"})
    revenue = new.merge(revenue, on="customer_id")
    until = revenue["day"] + pd.DateOffset(months=6)
    revenue = revenue[(revenue["revenue_day"] >= revenue["day"]) & (revenue["revenue_day"] < until)]
    return ratio(summed(revenue, "day", ["campaign"], "amount"), counted(new, "day", ["campaign"], "customer_id"))
