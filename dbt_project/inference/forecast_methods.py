"""The methods of forecasting monthly series, all series at once.

Belongs here: seasonal naive, damped trend with season (own and shared), robust decomposition with regressors, and their
mean. Not here: which of them serves (`forecast.py`).

They are written on matrices (series x months) since a rolling back-test fits every series at every origin: thousands of
fits, of which one by an optimiser costs tens of milliseconds. Smoothing parameters are chosen from a grid by the
squared errors one month ahead, known at the origin.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BASELINE = "seasonal_naive"
METHODS = ("damped_trend", "shared_season", "robust_decomposition", "combination")

_LEVEL = (0.05, 0.1, 0.2, 0.4)
_TREND = (0.0, 0.05, 0.15)
_SEASON = (0.0, 0.1, 0.3)
_DAMPING = (0.80, 0.95)
#: Ridge on season and regressors, in units of one month's weight.
_RIDGE = 1.0
#: Huber's threshold in robust standard deviations: 95% efficiency at the normal distribution (Huber 1981).
_HUBER = 1.345
#: Share of a series' mean that is never far out, however well the rest fits.
_USUAL = 0.05
_STEPS = 12


def forecast_at(
    name: str, values: Floats, regressors: Floats, origins: Sequence[int], horizon: int, season: int
) -> dict[int, Floats]:
    """Forecasts (series, horizon) of one method at each origin, from the months before it."""
    if name == BASELINE:
        return {o: seasonal_naive(values[:, :o], horizon, season) for o in origins}
    if name == "damped_trend":
        return damped_trend(values, origins, horizon, season)
    if name == "shared_season":
        return {o: shared_season(values[:, :o], horizon, season) for o in origins}
    if name == "robust_decomposition":
        return {o: robust_decomposition(values[:, :o], regressors, horizon, season) for o in origins}
    if name == "combination":
        parts = [forecast_at(other, values, regressors, origins, horizon, season) for other in METHODS[:-1]]
        return {o: np.mean([part[o] for part in parts], axis=0) for o in origins}
    raise ValueError(f"no method is called {name}: there are {', '.join((BASELINE, *METHODS))}")


def seasonal_naive(values: Floats, horizon: int, season: int) -> Floats:
    """The value of the same month a season ago; with less than a season, the mean of what there is."""
    known = values.shape[1]
    if known < season:
        return np.repeat(values.mean(axis=1, keepdims=True), horizon, axis=1)
    return np.stack([values[:, known - season + (ahead % season)] for ahead in range(horizon)], axis=1)


def damped_trend(values: Floats, origins: Sequence[int], horizon: int, season: int) -> dict[int, Floats]:
    """Additive Holt-Winters with a damped trend (Gardner and McKenzie 1985; Hyndman and Athanasopoulos 8.3), started
    from the first two seasons; one pass over time serves all origins, which have to be at least two seasons long.
    `season` 1 means no season."""
    grid = np.array(list(product(_LEVEL, _TREND, _SEASON if season > 1 else (0.0,), _DAMPING)))
    alpha, beta, gamma, phi = grid.T
    start = 2 * max(season, 2)
    if not origins:
        return {}
    if min(origins) < start:
        raise ValueError(f"{start} months are needed")
    count, wide = values.shape[0], len(grid)
    first, second = values[:, : start // 2], values[:, start // 2 : start]
    slope = (second.mean(axis=1) - first.mean(axis=1)) / (start // 2)
    level = np.repeat((first.mean(axis=1) - slope * (start // 2 + 1) / 2)[:, None], wide, axis=1)
    trend = np.repeat(slope[:, None], wide, axis=1)
    pattern = np.zeros((season, count, wide))
    if season > 1:
        shape = ((first - first.mean(axis=1, keepdims=True)) + (second - second.mean(axis=1, keepdims=True))) / 2
        pattern += shape.T[:, :, None]
    squared = np.zeros((count, wide))
    power = np.cumsum(phi[None, :] ** np.arange(1, horizon + 1)[:, None], axis=0)
    wanted, found = set(origins), {}
    for month in range(max(origins) + 1):
        if month in wanted:
            best = squared.argmin(axis=1)
            rows = np.arange(count)
            ahead = level[rows, best][:, None] + power[:, best].T * trend[rows, best][:, None]
            seasons = np.stack([pattern[(month + k) % season][rows, best] for k in range(horizon)], axis=1)
            found[month] = ahead + seasons
        if month >= max(origins):
            break
        turn = month % season
        expected = level + phi * trend + pattern[turn]
        error = values[:, month][:, None] - expected
        if month >= start // 2:
            squared += error**2
        level, trend = level + phi * trend + alpha * error, phi * trend + alpha * beta * error
        pattern[turn] += gamma * (1 - alpha) * error
    return found


def shared_season(values: Floats, horizon: int, season: int) -> Floats:
    """A damped trend on values cleared of the season that all series share (group seasonal indices: Dekker, van
    Donselaar and Ouwehand 2004): for series too small or too young to show a season of their own."""
    known = values.shape[1]
    index = _shared_indices(values, season)
    cleared = values / index[np.arange(known) % season]
    plain = damped_trend(cleared, [known], horizon, 1)[known]
    return plain * index[(known + np.arange(horizon)) % season]


def _shared_indices(values: Floats, season: int) -> Floats:
    """Index of each month of the season, mean 1: mean over full seasons of the total of all series over that season's
    mean, after the growth within the season was taken out. Position 0 is the first month of the series."""
    total = values.sum(axis=0)
    full = len(total) // season
    years = total[len(total) - full * season :].reshape(full, season)
    means = years.mean(axis=1)
    if (means <= 0).any():
        return np.ones(season)
    growth = (means[-1] / means[0]) ** (1 / (season * (full - 1))) if full > 1 else 1.0
    grown = growth ** (np.arange(season) - (season - 1) / 2)
    shape = np.maximum((years / means[:, None] / grown).mean(axis=0), 0.05)
    shape = shape / shape.mean()
    return np.roll(shape, len(total) % season)


def robust_decomposition(values: Floats, regressors: Floats, horizon: int, season: int) -> Floats:
    """Level, trend, season and known regressors by Huber's regression (iteratively reweighted least squares), ridge on
    all but level and trend; far months weigh less (half a season's weight every two seasons); the trend goes on damped.
    The regressors count as deviations from the mean of their calendar month, else the season would say the same."""
    known, count = values.shape[1], values.shape[0]
    scale = np.maximum(np.abs(values).mean(axis=1, keepdims=True), 1e-9)
    target = values / scale
    design, ahead = _designs(regressors, known, horizon, season)
    penalty = np.diag([0.0, 0.05, *[_RIDGE] * (design.shape[1] - 2)])
    recent = 0.5 ** ((known - 1 - np.arange(known)) / (2 * season))
    weights = np.repeat(recent[None, :], count, axis=0)
    found = np.zeros((count, design.shape[1]))
    for _ in range(_STEPS):
        normal = np.einsum("tp,st,tq->spq", design, weights, design, optimize=True) + penalty
        right = np.einsum("tp,st,st->sp", design, weights, target, optimize=True)
        found = np.linalg.solve(normal, right[..., None])[..., 0]
        residual = np.abs(target - found @ design.T)
        spread = np.maximum(np.median(residual, axis=1, keepdims=True) / 0.6745, _USUAL)
        weights = recent * np.minimum(1.0, _HUBER * spread / np.maximum(residual, 1e-12))
    return (found @ ahead.T) * scale


def _designs(regressors: Floats, known: int, horizon: int, season: int) -> tuple[Floats, Floats]:
    """Columns of the months known and of those ahead: 1, damped time, calendar months, regressors."""
    time = (np.arange(known) - (known - 1)) / season
    damped = np.cumsum(0.95 ** np.arange(1, horizon + 1)) / season
    month = np.arange(known + horizon) % season
    dummies = (month[:, None] == np.arange(season)[None, :]).astype(np.float64)
    outside = regressors[: known + horizon].astype(np.float64)
    means = np.stack([outside[:known][month[:known] == m].mean(axis=0) for m in range(season)])
    deviation = outside - means[month]
    spread = deviation[:known].std(axis=0)
    deviation = np.divide(deviation, spread, out=np.zeros_like(deviation), where=spread > 1e-9)
    whole = np.column_stack([np.ones(known + horizon), np.concatenate([time, damped]), dummies, deviation])
    return whole[:known], whole[known:]
