"""Monthly forecasts of many series: which method serves a series, its bands, its error in the back-test.

Belongs here: the rolling back-test over origins, the choice by it, conformal bands. Not here: the methods
(`forecast_methods.py`), which series there are, reading and writing.

An origin is the number of months that were known when a forecast was made. Everything at an origin (the fitted method,
the choice between methods, the width of its bands) comes from the months before it alone, so that the forecasts of past
origins are what would have been served then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dbt_project.inference.forecast_methods import BASELINE, METHODS, forecast_at

Floats = NDArray[np.float64]
#: A candidate is judged where it has so many origins in the back-test; fewer say nothing.
FEWEST_ORIGINS = 3
#: Two seasons: a season seen once cannot be told from noise.
FEWEST_SEASONS = 2
_MOST_GROWTH = 4.0


@dataclass(frozen=True)
class Settings:
    """`horizon`: months ahead; `lead`: months ahead that the back-test judges (a quarter); `test_origins`: origins of
    the rolling back-test; `kept_origins`: past origins whose forecasts are given beside the newest one; `season`:
    months of a season; `levels`: coverage of the bands, the narrow one first."""

    horizon: int = 12
    lead: int = 3
    test_origins: int = 12
    kept_origins: int = 15
    season: int = 12
    levels: tuple[float, float] = (0.80, 0.95)


@dataclass(frozen=True)
class Forecast:
    """Forecasts of all series at one origin. `values`, `baseline`: (series, horizon); `lower`, `upper`: (level, series,
    horizon); `method`: its name per series; the errors: WAPE per series, nan where there was nothing to compare."""

    origin: int
    values: Floats
    baseline: Floats
    lower: Floats
    upper: Floats
    method: NDArray[np.str_]
    backtest_error: Floats
    baseline_error: Floats
    last_quarter_error: Floats


def rolling_forecasts(values: Floats, regressors: Floats, settings: Settings = Settings()) -> list[Forecast]:
    """Forecasts at the newest origin and at up to `kept_origins` before it, oldest first.

    `values`: (series, months), complete months without gaps; `regressors`: (months + horizon, regressors), known ahead
    (holidays, promotions). A series of fewer than two seasons is served the baseline.
    """
    if values.ndim != 2 or np.isnan(values).any():
        raise ValueError("the series are a matrix without gaps: series x months")
    months = values.shape[1]
    if regressors.shape[0] < months + settings.horizon:
        raise ValueError("the regressors have to reach to the end of the forecast")
    first = max(1, months - settings.kept_origins)
    tested = range(max(1, first - settings.test_origins - settings.lead), months + 1)
    made: dict[str, dict[int, Floats]] = {}
    for name in (BASELINE, *METHODS):
        origins = [o for o in tested if name == BASELINE or o >= FEWEST_SEASONS * settings.season]
        made[name] = forecast_at(name, values, regressors, origins, settings.horizon, settings.season)
    choices = {o: _choose(values, made, o, settings) for o in tested}
    served = {o: _pick(made, choice, o) for o, (choice, _) in choices.items()}
    return [_serve(values, made[BASELINE], choices, served, o, settings) for o in range(first, months + 1)]


def _choose(
    values: Floats, made: dict[str, dict[int, Floats]], origin: int, settings: Settings
) -> tuple[NDArray[np.int64], Floats]:
    """The method of each series at an origin (position in BASELINE, *METHODS) and every method's WAPE in the back-test
    (method, series), over the same origins for all of them."""
    count = values.shape[0]
    errors = np.full((1 + len(METHODS), count), np.nan)
    recent = [o for o in made[BASELINE] if origin - settings.test_origins <= o < origin]
    common = [o for o in recent if o in made[METHODS[0]]]
    if len(common) < FEWEST_ORIGINS:
        errors[0] = _wape(values, made[BASELINE], recent, origin, settings.lead)
        return np.zeros(count, dtype=np.int64), errors
    for number, name in enumerate((BASELINE, *METHODS)):
        errors[number] = _wape(values, made[name], common, origin, settings.lead)
    # the baseline is the first: an equal candidate does not replace it, nor any where nothing was sold
    return np.nan_to_num(errors, nan=np.inf).argmin(axis=0), errors


def _serve(
    values: Floats,
    baseline: dict[int, Floats],
    choices: dict[int, tuple[NDArray[np.int64], Floats]],
    served: dict[int, Floats],
    origin: int,
    settings: Settings,
) -> Forecast:
    choice, errors = choices[origin]
    lower, upper = _bands(values, served, origin, settings)
    return Forecast(
        origin=origin,
        values=served[origin],
        baseline=baseline[origin],
        lower=lower,
        upper=upper,
        method=np.array([BASELINE, *METHODS])[choice],
        backtest_error=errors[choice, np.arange(len(choice))],
        baseline_error=errors[0],
        last_quarter_error=_wape(values, served, [origin - settings.lead], origin, settings.lead),
    )


def _pick(made: dict[str, dict[int, Floats]], choice: NDArray[np.int64], origin: int) -> Floats:
    """What was served at an origin."""
    picked = made[BASELINE][origin].copy()
    for number, name in enumerate(METHODS, start=1):
        if (choice == number).any():
            picked[choice == number] = made[name][origin][choice == number]
    return picked


def _wape(values: Floats, made: dict[int, Floats], origins: list[int], known: int, lead: int) -> Floats:
    """Per series sum |forecast - actual| / sum |actual| over these origins and up to `lead` months ahead, as far as
    known; nan where nothing was sold."""
    wrong = np.zeros(values.shape[0])
    whole = np.zeros(values.shape[0])
    for origin in origins:
        if origin not in made:
            continue
        ahead = min(lead, known - origin)
        actual = values[:, origin : origin + ahead]
        wrong += np.abs(made[origin][:, :ahead] - actual).sum(axis=1)
        whole += np.abs(actual).sum(axis=1)
    return np.divide(wrong, whole, out=np.full(values.shape[0], np.nan), where=whole > 0)


def _bands(values: Floats, served: dict[int, Floats], origin: int, settings: Settings) -> tuple[Floats, Floats]:
    """Split conformal bands (Vovk et al. 2005; Lei et al. 2018): the ceil((n + 1) level)-th smallest of the n absolute
    residuals of what was served before, up to `lead` months ahead, so that the choice of the method counts as well.
    They grow with their series, to `_MOST_GROWTH`. Where a series has too few for a level, those of all series serve,
    each over its size. Farther ahead the width grows as the residuals of all series do."""
    count, horizon = values.shape[0], settings.horizon
    past = [o for o in served if origin - settings.test_origins <= o < origin]
    size = _size(values, origin, settings.season)
    near: list[Floats] = []  # (series,) residuals up to lead months ahead
    shares: list[list[Floats]] = [[] for _ in range(horizon)]  # by months ahead: residuals over the size of the series
    for o in past:
        size_then = _size(values, o, settings.season)
        known = size_then > 0
        growth = np.divide(size, size_then, out=np.ones(count), where=known).clip(max=_MOST_GROWTH)
        for ahead in range(min(horizon, origin - o)):
            residual = np.abs(values[:, o + ahead] - served[o][:, ahead])
            shares[ahead].append(residual[known] / size_then[known])
            if ahead < settings.lead:
                near.append(residual * growth)
    centre = served[origin]
    width = np.full((len(settings.levels), count, horizon), np.nan)
    if near:
        own = np.sort(np.array(near), axis=0)
        pooled = np.sort(np.concatenate([part for parts in shares[: settings.lead] for part in parts]))
        for number, level in enumerate(settings.levels):
            rank = int(np.ceil((len(own) + 1) * level))
            share = _quantile(pooled, level)
            base = own[rank - 1] if rank <= len(own) else share * size
            wider, reached = np.ones(horizon), 1.0
            for ahead in range(settings.lead, horizon):
                if len(shares[ahead]) >= FEWEST_ORIGINS and share > 0:
                    reached = max(reached, _quantile(np.sort(np.concatenate(shares[ahead])), level) / share)
                wider[ahead] = reached
            width[number] = base[:, None] * wider
        width = np.maximum.accumulate(width, axis=0)  # a band drawn from all series is not narrower than a lower one
    floor = np.minimum(0.0, values[:, :origin].min(axis=1))[:, None]  # what never was negative is not expected to be
    lower, upper = np.maximum(centre - width, np.minimum(floor, centre)), centre + width
    return np.where(np.isnan(width), np.nan, lower), upper


def _size(values: Floats, origin: int, season: int) -> Floats:
    """Mean absolute value of the season before an origin."""
    size: Floats = np.abs(values[:, max(0, origin - season) : origin]).mean(axis=1)
    return size


def _quantile(ordered: Floats, level: float) -> float:
    rank = min(len(ordered), int(np.ceil((len(ordered) + 1) * level)))
    return float(ordered[rank - 1]) if rank else 0.0
