"""How good a model's answers are: the measures that `milepost score` and back-tests share.

Belongs here: one-dimensional arrays in, one number out; ties and empty cases stated. Not here: which model is judged by
which measure, and the bars (`orchestration/score`). Missing numbers (nan) are refused: a model that has no answer for a
row has to be seen, not skipped.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def wape(forecast: ArrayLike, actual: ArrayLike) -> float | None:
    """Weighted absolute percentage error: sum |forecast - actual| / sum |actual|; None where the actuals are all zero
    (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 5.8)."""
    f, a = _pair(forecast, actual)
    base = float(np.abs(a).sum())
    return None if base == 0 else float(np.abs(f - a).sum()) / base


def mean_absolute_error(estimate: ArrayLike, actual: ArrayLike) -> float | None:
    """Mean of |estimate - actual|; None without rows."""
    e, a = _pair(estimate, actual)
    return None if not len(a) else float(np.abs(e - a).mean())


def spearman(left: ArrayLike, right: ArrayLike) -> float | None:
    """Rank correlation of Spearman: Pearson's correlation of the ranks, ties at their mean rank; None below two rows
    or where one side has one value only."""
    x, y = _pair(left, right)
    if len(x) < 2:
        return None
    x, y = ranks(x), ranks(y)
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return None if scale == 0 else float(x @ y) / scale


def auc(score: ArrayLike, is_event: ArrayLike) -> float | None:
    """Area under the receiver operating curve: the chance that a random event scores above a random other, ties one
    half (Mann and Whitney's U over the product of the counts); None without events or without others."""
    s, e = _pair(score, is_event)
    event = _flags(e)
    ones, zeros = int(event.sum()), int((~event).sum())
    if not ones or not zeros:
        return None
    return (float(ranks(s)[event].sum()) - ones * (ones + 1) / 2) / (ones * zeros)


def brier(probability: ArrayLike, is_event: ArrayLike) -> float | None:
    """Brier score: mean squared difference of the probability and what happened (0 or 1); None without rows."""
    p, e = _probabilities(probability, is_event)
    return None if not len(p) else float(((p - e) ** 2).mean())


def calibration(probability: ArrayLike, is_event: ArrayLike, bins: int = 10) -> list[tuple[float, float, int]]:
    """Mean probability, share of events and rows of each of `bins` groups of (nearly) equal size, lowest probability
    first; equal probabilities stay together, so there may be fewer groups."""
    p, e = _probabilities(probability, is_event)
    if not len(p):
        return []
    group = np.minimum((ranks(p) - 1) * bins // len(p), bins - 1).astype(np.int64)
    return [
        (float(p[group == g].mean()), float(e[group == g].mean()), int((group == g).sum())) for g in np.unique(group)
    ]


def calibration_error(probability: ArrayLike, is_event: ArrayLike, bins: int = 10) -> float | None:
    """Expected calibration error: mean |probability - share of events| over the groups of `calibration`, weighted by
    their rows (Guo et al. 2017, groups of equal size); None without rows."""
    groups = calibration(probability, is_event, bins)
    rows = sum(count for _, _, count in groups)
    return None if not rows else sum(abs(p - e) * count for p, e, count in groups) / rows


def decile_lift(score: ArrayLike, value: ArrayLike, share: float = 0.1) -> float | None:
    """Mean value of the best-scored `share` of the rows (at least one row) over the mean of all; rows of equal score at
    the edge count in part, so that their order does not matter. None without rows or where the mean is zero."""
    s, v = _pair(score, value)
    if not len(s) or v.mean() == 0:
        return None
    wanted = max(1.0, len(s) * share)
    taken = total = 0.0
    for level in np.unique(s)[::-1]:
        tied = v[s == level]
        part = min(1.0, (wanted - taken) / len(tied))
        total += part * float(tied.sum())
        taken += part * len(tied)
        if taken >= wanted:
            break
    return (total / taken) / float(v.mean())


def ranks(values: ArrayLike) -> Floats:
    """Ranks from 1, ties at their mean rank."""
    v = np.asarray(values, dtype=np.float64)
    _, group, counts = np.unique(v, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return ((last - counts + 1 + last) / 2.0)[group].astype(np.float64)


def _pair(left: ArrayLike, right: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"two lists of one length are needed, not {x.shape} and {y.shape}")
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("missing numbers cannot be scored: decide first what a missing answer is worth")
    return x, y


def _flags(values: Floats) -> NDArray[np.bool_]:
    if not np.isin(values, (0.0, 1.0)).all():
        raise ValueError("what happened is 0 or 1")
    return values == 1.0


def _probabilities(probability: Any, is_event: Any) -> tuple[Floats, Floats]:
    p, e = _pair(probability, is_event)
    _flags(e)
    if len(p) and (p.min() < 0 or p.max() > 1):
        raise ValueError("a probability lies between 0 and 1")
    return p, e
