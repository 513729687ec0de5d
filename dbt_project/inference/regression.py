"""Ordinary least squares with confidence intervals.

Belongs here: the estimate, its standard errors and intervals, as pure functions over arrays. Not here: where the
numbers come from (the models) or what they mean for a mart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """Effect of one unit of a driver: estimate, interval, p-value, and how many observations stand behind it."""

    driver: str
    effect: float
    lower: float
    upper: float
    p_value: float
    observations: int


def usable_drivers(values: Floats, names: list[str]) -> list[int]:
    """Columns of `values` that can be told apart: those that vary and are no combination of an intercept and the
    columns before them (checked by pivoted rank, tolerance 1e-9 of the column's norm)."""
    kept: list[int] = []
    basis = np.ones((len(values), 1))
    for column in range(len(names)):
        candidate = values[:, column]
        norm = float(np.linalg.norm(candidate - candidate.mean()))
        if norm <= 1e-12:
            continue
        fitted, *_ = np.linalg.lstsq(basis, candidate, rcond=None)
        if float(np.linalg.norm(candidate - basis @ fitted)) > 1e-9 * max(norm, 1.0):
            kept.append(column)
            basis = np.column_stack([basis, candidate])
    return kept


def least_squares(values: Floats, outcome: Floats, names: list[str], confidence: float = 0.95) -> list[Effect]:
    """Effects of the drivers on the outcome, an intercept beside them.

    `values` is observations x drivers, `outcome` as long. beta = (X'X)^-1 X'y; the standard error of beta_j is
    s * sqrt((X'X)^-1_jj) with s^2 = RSS / (n - k); the interval is beta_j -+ t(n - k) * s_j (any textbook, such as
    Greene, Econometric Analysis, chapters 3 to 5). Drivers that do not vary or repeat others are left out; with no
    degree of freedom left the answer is empty. Raises ValueError where lengths differ or a number is missing.
    """
    if values.ndim != 2 or values.shape != (len(outcome), len(names)):
        raise ValueError("values are observations x drivers, with an outcome for each observation")
    if not (np.isfinite(values).all() and np.isfinite(outcome).all()):
        raise ValueError("every number has to be there")
    if len(outcome) == 0:
        return []
    kept = usable_drivers(values, names)
    count, width = len(outcome), len(kept) + 1
    freedom = count - width
    if not kept or freedom < 1:
        return []
    design = np.column_stack([np.ones(count), values[:, kept]])
    # by QR: X'X squares the condition number
    q, r = linalg.qr(design, mode="economic")
    beta = linalg.solve_triangular(r, q.T @ outcome)
    residual = outcome - design @ beta
    inverse = linalg.solve_triangular(r, np.eye(width))
    spread = np.sqrt(float(residual @ residual) / freedom * np.einsum("ij,ij->i", inverse, inverse))
    reach = float(stats.t.ppf(0.5 + confidence / 2, freedom))
    effects = []
    for place, column in enumerate(kept, start=1):
        estimate, error = float(beta[place]), float(spread[place])
        p_value = float(2 * stats.t.sf(abs(estimate) / error, freedom)) if error > 0 else 0.0
        effects.append(
            Effect(names[column], estimate, estimate - reach * error, estimate + reach * error, p_value, count)
        )
    return effects
