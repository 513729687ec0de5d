"""Visits of the web shop: journeys that lead to an order, and visits that lead to nothing.

Belongs here: sessions as arrays, month by month. Not here: the export's form (`export_web.py`). A journey's earlier
visits may fall into the month before its order, so a month's sessions are complete once the next month's orders are
known: `Journeys` keeps them until then.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from ingestion.sample import words
from ingestion.sample.channels import HARVEST, IDLE, INDEX, choose_campaigns
from ingestion.sample.constants import LOGGED_IN_SHARE
from ingestion.sample.demand import History
from ingestion.sample.orders import SHANGHAI, MonthOrders
from ingestion.sample.persons import IN_SHOP, Persons
from ingestion.sample.random_streams import Ints, pick, stream

_LOOK_BACK_DAYS = 27  # less than the shortest month: a touch never falls two months back
_FIELDS = ("started", "visitor", "person", "order", "second", "channel", "campaign", "events", "seconds", "stage",
           "device", "place")  # fmt: skip
# stage of a session: 0 one event, 1 browsed, 2 cart, 3 checkout, 4 paid, 5 sent a lead form, 6 downloaded something


@dataclass
class Journeys:
    """Sessions made but not yet written."""

    parts: list[dict[str, Ints]] = field(default_factory=list)

    def take_until(self, moment: int) -> dict[str, Ints]:
        """Remove and return the sessions started before the moment."""
        if not self.parts:
            return {name: np.zeros(0, np.int64) for name in _FIELDS}
        whole = {name: np.concatenate([p[name] for p in self.parts]) for name in _FIELDS}
        mask = whole["started"] < moment
        self.parts = [{name: values[~mask] for name, values in whole.items()}]
        return {name: values[mask] for name, values in whole.items()}


def month_start(history: History, month: int) -> int:
    """First second of a month in Shanghai, as seconds since 1970 in UTC; of the day after the end for the last one."""
    if month < history.month_count:
        first = history.months[month]
    else:
        last = history.months[-1]
        first = last.replace(year=last.year + (last.month == 12), month=last.month % 12 + 1)
    return int((datetime(first.year, first.month, 1, tzinfo=UTC) - SHANGHAI).timestamp())


def _engagement(rng: np.random.Generator, stage: Ints) -> tuple[Ints, Ints]:
    events = np.where(stage == 0, 1, 2 + rng.poisson(4 + 4 * stage.clip(0, 4), len(stage)))
    seconds = np.where(stage == 0, 0, np.rint(rng.gamma(1.6, 60.0 + 45.0 * stage.clip(0, 4), len(stage)))).astype(
        np.int64
    )
    return events.astype(np.int64), seconds


def journeys_of(seed: int, orders: MonthOrders, persons: Persons) -> dict[str, Ints]:
    """The visits that led to the month's web shop orders: the buying one and those before it."""
    rng = stream(seed, "journeys", orders.month)
    # who buys in a store walks in
    index = np.flatnonzero((orders.system == IN_SHOP) & (orders.store < 0))
    before = np.minimum(rng.poisson(1.1, len(index)), 4)
    cause = orders.cause[index]
    # the buying visit: by the cause itself, or by a channel that harvests what an earlier visit sowed
    harvested = (before > 0) & (rng.random(len(index)) < 0.34)
    last = np.where(harvested, pick(rng, np.array(HARVEST), len(index)), cause)
    touch_order = np.repeat(index, before)
    starts = np.concatenate([[0], np.cumsum(before)[:-1]]) if len(index) else before
    is_first_touch = np.arange(len(touch_order)) == np.repeat(starts, before)
    touch_channel = np.where(is_first_touch, np.repeat(cause, before), pick(rng, np.array(IDLE), len(touch_order)))
    ago = np.rint(86400 * rng.uniform(0.1, _LOOK_BACK_DAYS, len(touch_order))).astype(np.int64)
    # the earliest visit of a journey is the one the cause brought
    farthest = np.zeros(orders.count, np.int64)
    np.maximum.at(farthest, touch_order, ago)
    ago = np.where(is_first_touch, np.minimum(farthest[touch_order] + 1800, _LOOK_BACK_DAYS * 86400), ago)

    is_paid = orders.paid[index] > 0
    seconds_before = rng.integers(120, 1500, len(index))
    all_orders = np.concatenate([index, touch_order])
    stage = np.concatenate([np.where(is_paid, 4, 3), rng.choice(np.array([1, 1, 2, 2, 3]), len(touch_order))])
    channel = np.concatenate([last, touch_channel])
    person = orders.person[all_orders]
    events, seconds = _engagement(rng, stage)
    known = np.concatenate([np.ones(len(index), bool), rng.random(len(touch_order)) < LOGGED_IN_SHARE])
    return {
        "started": orders.created[all_orders] - np.concatenate([seconds_before, ago]),
        "visitor": 1_000_000_000 + (person * 2_654_435_761) % 1_000_000_007,
        "person": np.where(known, person, -1),
        "order": np.concatenate([np.where(is_paid, orders.number[index], -1), np.full(len(touch_order), -1)]),
        "second": orders.uses_second[all_orders].astype(np.int64),
        "channel": channel,
        "campaign": choose_campaigns(rng, channel),
        "events": events,
        "seconds": np.where(stage >= 3, np.maximum(seconds, 90), seconds),
        "stage": stage,
        "device": np.where(rng.random(len(person)) < 0.2, rng.integers(0, 3, len(person)), person % 5 % 2),
        "place": np.where(persons.is_foreign[person], 1000, 0) + persons.city[person],
    }


def idle_sessions(seed: int, history: History, month: int, count: int) -> dict[str, Ints]:
    """Visits of the month that lead to no order; some send a form or download something."""
    rng = stream(seed, "idle sessions", month)
    days = history.days(month)
    bots = np.array([history.factor("bot_traffic", d) - 1.0 for d in days])
    weights = history.day_weights(month, is_market=False)
    extra = round(count * float((weights * bots).sum() / weights.sum()))
    is_bot = np.arange(count + extra) >= count
    day = np.concatenate(
        [pick(rng, weights, count), pick(rng, weights * bots, extra) if extra else np.zeros(0, np.int64)]
    )
    total = count + extra
    channel = np.where(is_bot, INDEX["referral"], pick(rng, np.array(IDLE), total))
    stage = np.where(is_bot, 0, pick(rng, np.array([0.47, 0.36, 0.09, 0.02, 0.0, 0.02, 0.04]), total))
    events, seconds = _engagement(rng, np.where(stage >= 5, 1, stage))
    is_foreign = rng.random(total) < 0.55
    place = np.where(
        is_foreign,
        1000 + pick(rng, np.array([c[6] for c in words.FOREIGN_CITIES]), total),
        pick(rng, np.array([c[4] for c in words.CITIES]), total),
    )
    none = np.full(total, -1)
    return {
        "started": month_start(history, month) + day * 86400 + rng.integers(0, 86400, total),
        "visitor": 3_000_000_000 + rng.integers(0, max(total * 20, 1), total),
        "person": none,
        "order": none,
        "second": np.zeros(total, np.int64),
        "channel": channel,
        "campaign": choose_campaigns(rng, channel),
        "events": events,
        "seconds": seconds,
        "stage": stage,
        "device": pick(rng, np.array([0.36, 0.58, 0.06]), total),
        "place": place,
    }


def merged(parts: list[dict[str, Ints]]) -> dict[str, Ints]:
    """Sessions of several parts in order of time."""
    whole = {name: np.concatenate([p[name] for p in parts]) for name in _FIELDS}
    order = np.lexsort((whole["visitor"], whole["started"]))
    return {name: values[order] for name, values in whole.items()}
