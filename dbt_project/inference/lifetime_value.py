"""Lifetime value: how often customers will buy again, and for how much.

Belongs here: the BG/NBD model of purchases (Fader, Hardie and Lee, "Counting Your Customers the Easy Way", Marketing
Science 24, 2005) and the gamma-gamma model of the mean purchase (Fader and Hardie, "The Gamma-Gamma Model of Monetary
Value", 2013), each fitted by maximum likelihood on customers counted by like history. Not here: what counts as a
purchase, the cohort mean that stands in where a fit fails (SQL), margins and money.

A history is x repeat purchases, the last at time t_x after the first one, seen until age T; times in one unit (weeks).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

Floats = NDArray[np.float64]
#: Days in the unit of time of the fits; a year of such units.
DAYS_OF_UNIT = 7.0
YEAR_OF_UNITS = 365.25 / DAYS_OF_UNIT
_BOUND = 9.0  # of a parameter's logarithm: beyond, the data do not tell it


@dataclass(frozen=True)
class BgNbd:
    """Purchase rates are gamma(r, rate alpha) over customers; the chance to leave after a purchase is beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    converged: bool


@dataclass(frozen=True)
class GammaGamma:
    """Purchases of a customer are gamma(p, rate nu), nu is gamma(q, rate v) over customers."""

    p: float
    q: float
    v: float
    converged: bool


def fit_bg_nbd(x: ArrayLike, t_x: ArrayLike, age: ArrayLike, count: ArrayLike | None = None) -> BgNbd:
    """Maximum likelihood of equation (6) of the paper over histories weighted by `count` customers (1 each if None).
    `converged` is False where the optimiser fails or runs a parameter against its bound."""
    x, t_x, age, count = _columns(x, t_x, age, count)
    has_repeats = x > 0

    def loss(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        head = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
        head += special.betaln(a, b + x) - special.betaln(a, b)
        alive = -(r + x) * np.log(alpha + age)
        gone = np.where(
            has_repeats,
            np.log(a) - np.log(np.maximum(b + x - 1, 1e-300)) - (r + x) * np.log(alpha + t_x),
            -np.inf,
        )
        # beta(a, b + x) already carries gamma(b + x) / gamma(a + b + x), as both terms of the equation do
        return -float(np.dot(count, head + np.logaddexp(alive, gone))) / float(count.sum())

    best, converged = _fit(loss, ([0.0, 1.5, 0.0, 0.5], [-1.0, 1.0, -0.5, 1.0], [0.0, 3.0, -1.5, 1.5]))
    r, alpha, a, b = np.exp(best)
    return BgNbd(float(r), float(alpha), float(a), float(b), converged)


def fit_gamma_gamma(x: ArrayLike, mean: ArrayLike, count: ArrayLike | None = None) -> GammaGamma:
    """Maximum likelihood of equation (1a) of the note over repeat customers: x >= 1 purchases of `mean` value, above
    zero. `converged` as for `fit_bg_nbd`; q <= 1 has no expected value and counts as a failure."""
    x, mean, _, count = _columns(x, mean, np.zeros_like(np.asarray(x, dtype=np.float64)), count)
    if not len(x) or x.min() <= 0 or mean.min() <= 0:
        return GammaGamma(float("nan"), float("nan"), float("nan"), False)
    unit = float(np.average(mean, weights=count))  # likelihoods do not care, optimisers do
    scaled = mean / unit

    def loss(logs: Floats) -> float:
        p, q, v = np.exp(logs)
        px = p * x
        terms = special.gammaln(px + q) - special.gammaln(px) - special.gammaln(q) + q * np.log(v)
        terms += (px - 1) * np.log(scaled) + px * np.log(x) - (px + q) * np.log(v + scaled * x)
        return -float(np.dot(count, terms)) / float(count.sum())

    best, converged = _fit(loss, ([1.5, 1.2, -0.5], [0.5, 1.0, 0.5], [2.0, 2.0, 0.0]))
    p, q, v = np.exp(best)
    return GammaGamma(float(p), float(q), float(v * unit), converged and float(q) > 1.0)


def expected_purchases(model: BgNbd, time: float, x: ArrayLike, t_x: ArrayLike, age: ArrayLike) -> Floats:
    """Expected purchases in the next `time` given the history: equation (10) of the paper, with the hypergeometric
    function turned by Euler's transformation, so that frequent customers do not overflow."""
    x, t_x, age, _ = _columns(x, t_x, age, None)
    a = model.a if abs(model.a - 1) > 1e-7 else 1 + 1e-7  # the limit at a = 1
    third = a + model.b + x - 1
    z = time / (model.alpha + age + time)
    gauss = special.hyp2f1(a + model.b - 1 - model.r, a - 1, third, z)
    if_alive = third / (a - 1) * (1 - (1 - z) ** (a - 1) * gauss)
    return np.maximum(if_alive * probability_alive(model, x, t_x, age), 0.0)


def probability_alive(model: BgNbd, x: ArrayLike, t_x: ArrayLike, age: ArrayLike) -> Floats:
    """Probability that the customer has not left for good at `age` (Fader, Hardie and Lee, "Computing P(alive) Using
    the BG/NBD Model", 2008); 1 without a repeat purchase, as the model lets nobody leave before one."""
    x, t_x, age, _ = _columns(x, t_x, age, None)
    repeats = np.maximum(x, 1.0)
    odds = (
        np.log(model.a)
        - np.log(model.b + repeats - 1)
        + (model.r + x) * np.log((model.alpha + age) / (model.alpha + t_x))
    )
    return np.where(x > 0, special.expit(-odds), 1.0)


def expected_mean_value(model: GammaGamma, x: ArrayLike, mean: ArrayLike) -> Floats:
    """Expected value of a purchase given x repeat purchases of that mean: equation (5) of the note; without one the
    mean of all customers."""
    x, mean, _, _ = _columns(x, mean, np.zeros_like(np.asarray(x, dtype=np.float64)), None)
    return model.p * (model.v + np.where(x > 0, mean, 0.0) * x) / (model.p * x + model.q - 1)


def expected_histories(histories: pa.Table, values: pa.Table, minimum_repeaters: int) -> pa.Table:
    """Expected purchases of the next 12 months for each distinct history of each group of customers.

    histories: customer_group, repeat_count, recency_days, age_days, customer_count.
    values: customer_group, repeat_count, mean_amount (of repeat purchases, above zero), customer_count.
    Result: the keys of `histories` with expected_purchases, probability_alive, and value_p, value_q, value_v of the
    group's gamma-gamma model. All five are null for a group with fewer repeat customers than `minimum_repeaters` or
    where a fit does not converge: the caller's fall-back stands in.
    """
    keys = ["customer_group", "repeat_count", "recency_days", "age_days"]
    tables = []
    for group in sorted(set(histories["customer_group"].to_pylist())):
        part = histories.filter(pc.equal(histories["customer_group"], group))
        spent = values.filter(pc.equal(values["customer_group"], group))
        x, recency, age, count = (
            _numbers(part, name) for name in ("repeat_count", "recency_days", "age_days", "customer_count")
        )
        t_x, age = recency / DAYS_OF_UNIT, age / DAYS_OF_UNIT
        results: dict[str, Any] = {"expected_purchases": None, "probability_alive": None}
        results |= dict.fromkeys(("value_p", "value_q", "value_v"))
        if count[x > 0].sum() >= minimum_repeaters:
            bought = fit_bg_nbd(*_binned(x, t_x, age, count))
            paid = fit_gamma_gamma(*(_numbers(spent, n) for n in ("repeat_count", "mean_amount", "customer_count")))
            if bought.converged and paid.converged:
                results = {
                    "expected_purchases": expected_purchases(bought, YEAR_OF_UNITS, x, t_x, age),
                    "probability_alive": probability_alive(bought, x, t_x, age),
                    "value_p": np.full(len(x), paid.p),
                    "value_q": np.full(len(x), paid.q),
                    "value_v": np.full(len(x), paid.v),
                }
        columns = {name: part[name] for name in keys}
        for name, result in results.items():
            empty = pa.nulls(part.num_rows, pa.float64())
            columns[name] = empty if result is None else pa.array(result, pa.float64())
        tables.append(pa.table(columns))
    if not tables:
        names = [*keys, "expected_purchases", "probability_alive", "value_p", "value_q", "value_v"]
        kinds = [pa.string(), pa.int64(), pa.int64(), pa.int64(), *[pa.float64()] * 5]
        return pa.table({name: pa.array([], kind) for name, kind in zip(names, kinds, strict=True)})
    return pa.concat_tables(tables)


def _binned(x: Floats, t_x: Floats, age: Floats, count: Floats, limit: int = 30_000) -> tuple[Floats, ...]:
    """The histories as they are, or counted by whole units of time where there are more than `limit`: a fit's
    parameters move by less than their standard error, its time by an order of magnitude."""
    if len(x) <= limit:
        return x, t_x, age, count
    rows, place = np.unique(
        np.stack([x, np.minimum(np.rint(t_x), np.rint(age)), np.rint(age)]), axis=1, return_inverse=True
    )
    return rows[0], rows[1], rows[2], np.bincount(place.ravel(), weights=count).astype(np.float64)


def _numbers(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)


def _columns(
    x: ArrayLike, y: ArrayLike, z: ArrayLike, count: ArrayLike | None
) -> tuple[Floats, Floats, Floats, Floats]:
    first = np.asarray(x, dtype=np.float64)
    weights = np.ones_like(first) if count is None else np.asarray(count, dtype=np.float64)
    return first, np.asarray(y, dtype=np.float64), np.asarray(z, dtype=np.float64), weights


def _fit(loss: Callable[[Floats], float], starts: tuple[list[float], ...]) -> tuple[Floats, bool]:
    """The parameters' logarithms of the least loss over several starts; whether it was reached within the bounds."""
    found = [
        optimize.minimize(
            loss, np.array(start), method="L-BFGS-B", bounds=[(-_BOUND, _BOUND)] * len(start), options={"ftol": 1e-13}
        )
        for start in starts
    ]
    best = min(found, key=lambda f: float(f.fun) if np.isfinite(f.fun) else np.inf)
    inside = bool(np.all(np.abs(best.x) < _BOUND - 1e-3))
    return best.x, bool(np.isfinite(best.fun)) and inside and any(f.success for f in found)
