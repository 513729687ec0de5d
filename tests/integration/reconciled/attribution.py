"""Touches before a purchase, and what each model of attribution credits them.

Not here: the KPIs made of it (`attributed.py`).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from tests.integration.reconciled.contacts import touches_of_customers
from tests.integration.reconciled.frames import NONE, Facts
from tests.integration.reconciled.orders import refund_parts

WINDOW = pd.Timedelta(days=90)
DEFAULT = "last_non_direct"
HALF_LIFE_DAYS = 7.0
ENDS = 0.4
KEY = ["kind", "key"]
PLACE = ["marketing_channel", "platform", "campaign_id"]
MONEY = ["revenue", "profit"]


def conversions(facts: Facts) -> pd.DataFrame:
    """Paid orders, and won deals that no order stands for; profit where the cost is known."""
    lines = facts["core.fct_order_lines"]
    lines = lines[lines["is_sale"] & lines["cost_reporting_amount"].notna()]
    profit = (lines["net_reporting_amount"] - lines["cost_reporting_amount"]).groupby(lines["order_key"]).sum()
    orders = facts["core.fct_orders"]
    orders = orders[orders["is_paid_order"]].assign(kind="order", key=lambda f: f["order_key"])
    orders = orders.assign(at=orders["paid_at"], day=orders["paid_date"], revenue=orders["net_reporting_amount"])
    orders["profit"] = orders["key"].map(profit)
    deals = facts["core.fct_opportunities"]
    deals = deals[deals["is_won"] & ~deals["has_linked_order"]].assign(kind="deal", key=lambda f: f["opportunity_key"])
    deals = deals.assign(at=deals["won_at"], day=deals["won_date"], revenue=deals["reporting_amount"])
    deals["profit"] = deals["reporting_amount"] - deals["cost_reporting_amount"]
    columns = [*KEY, "at", "day", *MONEY, "region", "marketing_channel", "source_system", "source_customer_key"]
    rows = pd.concat([orders[columns], deals[[*columns, "product_line"]]], ignore_index=True)
    rows["day"] = pd.to_datetime(rows["day"])
    return rows.merge(facts.links, on=["source_system", "source_customer_key"], how="left")


def journeys(facts: Facts) -> pd.DataFrame:
    """One row per conversion and touch in the window before it, in order of time; `place` from 1, `is_counted` for the
    first of its channel on its day."""
    touches = touches_of_customers(facts)
    touches = touches[touches["is_attributable"]]
    touches = touches[["touchpoint_key", "customer_id", "touched_at", "touched_date", "is_direct", *PLACE]]
    rows = conversions(facts).rename(columns={"marketing_channel": "stated"}).merge(touches, on="customer_id")
    rows = rows[(rows["touched_at"] <= rows["at"]) & (rows["touched_at"] >= rows["at"] - WINDOW)]
    rows = rows.sort_values([*KEY, "touched_at", "touchpoint_key"], ignore_index=True)
    rows["place"] = rows.groupby(KEY).cumcount() + 1
    rows["is_counted"] = ~rows.duplicated([*KEY, "marketing_channel", "touched_date"])
    rows[PLACE] = rows[PLACE].fillna(NONE)
    return rows


def removal_effects(facts: Facts) -> dict[str, float]:
    """Of channels, in a chain that remembers one: share of conversions lost when visits to the channel lead nowhere."""
    steps: Counter[tuple[str, str]] = Counter()
    paths = facts["marketing.conversion_paths"]
    paths = paths[paths["has_touch"]]
    columns = (paths["path"].tolist(), paths["conversions"].tolist(), paths["non_conversions"].tolist())
    for path, won, lost in zip(*columns, strict=True):
        channels = str(path).split(" > ")
        for a, b in zip(["start", *channels[:-1]], channels, strict=True):
            steps[a, b] += int(won) + int(lost)
        steps[channels[-1], "won"] += int(won)
        steps[channels[-1], "lost"] += int(lost)
    states = sorted({a for a, _ in steps})
    place = {state: number for number, state in enumerate(states)}
    out = Counter[str]()
    for (a, _), count in steps.items():
        out[a] += count

    def chance(without: str | None) -> float:
        """Of reaching `won` from the start."""
        moves, ends = np.eye(len(states)), np.zeros(len(states))
        for (a, b), count in steps.items():
            if without in (a, b):
                continue
            if b == "won":
                ends[place[a]] += count / out[a]
            elif b != "lost":
                moves[place[a], place[b]] -= count / out[a]
        return float(np.linalg.solve(moves, ends)[place["start"]])

    whole = chance(None)
    return {state: 1 - chance(state) / whole for state in states if state != "start"}


def weights(facts: Facts, rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Of each touch in each model; those of one conversion and model sum to one."""
    group = rows.groupby(KEY)
    last = group["place"].transform("max")
    stated = rows["place"].where(~rows["is_direct"], 0)
    non_direct = stated.groupby([rows[name] for name in KEY]).transform("max")
    counted = rows["is_counted"].astype(float)
    number = counted.groupby([rows[name] for name in KEY]).cumsum()
    total = group["is_counted"].transform("sum")
    position = pd.Series((1 - 2 * ENDS) / (total - 2).where(total > 2, 1), index=rows.index)
    position = position.where((number != 1) & (number != total), ENDS)
    age = (rows["at"] - rows["touched_at"]).dt.total_seconds() / 86400
    channel = rows.groupby([*KEY, "marketing_channel"])["is_counted"].transform("sum")
    channels = group["marketing_channel"].transform("nunique")
    effect = rows["marketing_channel"].map(removal_effects(facts)).fillna(0.0)
    raw = {
        "first": (rows["place"] == 1).astype(float),
        "last": (rows["place"] == last).astype(float),
        DEFAULT: (rows["place"] == non_direct.where(non_direct > 0, last)).astype(float),
        "linear": counted,
        "position_based": position * counted,
        "time_decay": 0.5 ** (age / HALF_LIFE_DAYS) * counted,
        # every channel of a path's set of channels is needed for its conversion alike
        "shapley": counted / channel / channels,
        "markov": effect * counted / channel,
    }
    totals = {model: one.groupby([rows[name] for name in KEY]).transform("sum") for model, one in raw.items()}
    equal = counted / totals["linear"]
    return {model: (one / totals[model]).where(totals[model] > 0, equal) for model, one in raw.items()}


def credits(facts: Facts, models: list[str] | None = None) -> pd.DataFrame:
    """Credit of touches by model, with revenue and profit in four decimals; conversions without a touch credit the
    channel that they state."""
    rows, every = journeys(facts), conversions(facts)
    parts = [rows.assign(model=model, credit=one) for model, one in weights(facts, rows).items()]
    touched = pd.concat(parts)
    # where no touch tells a channel, last non-direct takes the one that the purchase states
    untold = (touched["model"] == DEFAULT) & touched["is_direct"]
    is_stated = touched["stated"].fillna(NONE) != NONE
    touched["marketing_channel"] = touched["marketing_channel"].mask(untold & is_stated, touched["stated"])
    touched[["platform", "campaign_id"]] = touched[["platform", "campaign_id"]].mask(untold, NONE)
    known = pd.MultiIndex.from_frame(rows[KEY])
    bare = every[~pd.MultiIndex.from_frame(every[KEY]).isin(known)].assign(
        place=1, credit=1.0, campaign_id=NONE, platform=NONE
    )
    bare["marketing_channel"] = bare["marketing_channel"].fillna(NONE)
    touched = pd.concat([touched, *[bare.assign(model=model) for model in touched["model"].unique()]])
    touched = touched[touched["credit"] > 0]
    if models is not None:
        touched = touched[touched["model"].isin(models)]
    return touched.sort_values(["model", *KEY, "place"], ignore_index=True)


def money(amount: pd.Series) -> pd.Series:
    """Four decimals, halves away from zero."""
    return np.sign(amount) * np.floor(amount.abs() * 1e4 + 0.5 + 1e-6) / 1e4


def shared(rows: pd.DataFrame, columns: list[str], keys: list[str]) -> pd.DataFrame:
    """Money by credit: the running sum is rounded to four decimals, so that the parts sum to the whole."""
    upto = rows.groupby(keys)["credit"].cumsum().round(12)
    before = upto.groupby([rows[name] for name in keys]).shift(1).fillna(0.0)
    parts = {name: money(rows[name] * upto) - money(rows[name] * before) for name in columns}
    return rows.assign(**parts)


def attributed(facts: Facts, models: list[str] | None = None) -> pd.DataFrame:
    """Credits of conversions on their day, and what refunds take back of them on theirs: `orders`, revenue, profit.
    A refund of what is no conversion takes from no channel."""
    given = credits(facts, models)
    won = shared(given, MONEY, ["model", *KEY])
    won["orders"] = won["credit"].where(won["kind"] == "order", 0.0)
    back = refund_parts(facts)
    back = back.assign(day=pd.to_datetime(back["refunded_date"]), key=back["order_key"], kind="order")
    back = back.assign(revenue=-back["amount"], profit=-back["amount"] - back["cost"])
    back = back.groupby([*KEY, "day"], as_index=False)[MONEY].sum()
    returned = back[~back["key"].isin(given["key"])].assign(credit=1.0, place=1, **dict.fromkeys(PLACE, NONE))
    back = given.drop(columns=["day", *MONEY]).merge(back, on=KEY)
    back = pd.concat([back, *[returned.assign(model=model) for model in given["model"].unique()]])
    back = back.sort_values(["model", *KEY, "day", "place"])
    back = shared(back.reset_index(drop=True), MONEY, ["model", *KEY, "day"]).assign(orders=0.0)
    return pd.concat([won, back], ignore_index=True)
