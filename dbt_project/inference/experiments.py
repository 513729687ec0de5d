"""Comparison of experiment variants: rates, uplift with its interval, p-value, power, and the split itself.

Belongs here: the statistics over counts and sums per variant. Not here: counting (SQL, `int_experiments__counts`).

Formulas: two-proportion z-test with the pooled rate (Fleiss, Levin and Paik, Statistical Methods for Rates and
Proportions, 3.1); interval of a ratio of rates on the log scale (Katz and others 1978); Welch's t-test for
means, its ratio's interval by the delta method on the log scale; power of the two-sided z-test at the rates observed;
chi-square test of the sample ratio (Fabijan et al. 2019, "Diagnosing sample ratio mismatch").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Any

import pyarrow as pa
from scipy import stats

RESULTS = pa.schema(
    [
        ("experiment_id", pa.string()),
        ("variant", pa.string()),
        ("metric", pa.string()),
        ("rate", pa.float64()),
        ("control_rate", pa.float64()),
        ("uplift", pa.float64()),
        ("uplift_low", pa.float64()),
        ("uplift_high", pa.float64()),
        ("p_value", pa.float64()),
        ("power", pa.float64()),
        ("smallest_uplift", pa.float64()),
        ("sample_ratio_p_value", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Comparison:
    """A variant against its control; a figure that the data does not allow is None."""

    rate: float | None
    control_rate: float | None
    uplift: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    power: float | None = None
    smallest_uplift: float | None = None


def compare_rates(
    converted: int, units: int, control_converted: int, control_units: int, confidence: float, power: float
) -> Comparison:
    """Conversion rates of two variants. No interval without conversions on both sides, no uplift without any in the
    control; `smallest_uplift` is what this size of sample finds with the power asked for."""
    rate = converted / units if units else None
    base = control_converted / control_units if control_units else None
    if rate is None or base is None or base == 0.0:
        return Comparison(rate, base)
    z = float(stats.norm.ppf(0.5 + confidence / 2))
    pooled = (converted + control_converted) / (units + control_units)
    spread = sqrt(pooled * (1 - pooled) * (1 / units + 1 / control_units))
    p_value = float(2 * stats.norm.sf(abs(rate - base) / spread)) if spread > 0 else 1.0
    low = high = None
    if converted:
        error = sqrt((1 - rate) / converted + (1 - base) / control_converted)
        low, high = exp(log(rate / base) - z * error) - 1, exp(log(rate / base) + z * error) - 1
    own = sqrt(rate * (1 - rate) / units + base * (1 - base) / control_units)
    reached = None
    if own > 0:
        reached = float(
            stats.norm.cdf((abs(rate - base) - z * spread) / own)
            + stats.norm.cdf((-abs(rate - base) - z * spread) / own)
        )
    needed = (z + float(stats.norm.ppf(power))) * sqrt(base * (1 - base) * (1 / units + 1 / control_units)) / base
    return Comparison(rate, base, rate / base - 1, low, high, p_value, reached, needed)


def compare_means(
    total: float, squares: float, units: int, control_total: float, control_squares: float, control_units: int,
    confidence: float, power: float,
) -> Comparison:  # fmt: skip
    """Means per unit of two variants from their sums and sums of squares, by Welch's test."""
    mean = total / units if units else None
    base = control_total / control_units if control_units else None
    if mean is None or base is None or base <= 0 or units < 2 or control_units < 2:
        return Comparison(mean, base)
    own = max(squares - units * mean**2, 0.0) / (units - 1) / units
    other = max(control_squares - control_units * base**2, 0.0) / (control_units - 1) / control_units
    error = sqrt(own + other)
    if error == 0.0:
        return Comparison(mean, base, mean / base - 1)
    freedom = (own + other) ** 2 / (own**2 / (units - 1) + other**2 / (control_units - 1))
    t = float(stats.t.ppf(0.5 + confidence / 2, freedom))
    p_value = float(2 * stats.t.sf(abs(mean - base) / error, freedom))
    low = high = None
    if mean > 0:
        relative = sqrt(own / mean**2 + other / base**2)
        low, high = exp(log(mean / base) - t * relative) - 1, exp(log(mean / base) + t * relative) - 1
    shift = abs(mean - base) / error
    reached = float(stats.norm.cdf(shift - t) + stats.norm.cdf(-shift - t))
    return Comparison(
        mean, base, mean / base - 1, low, high, p_value, reached, (t + float(stats.norm.ppf(power))) * error / base
    )


def sample_ratio_p_value(units: Sequence[int], shares: Sequence[float]) -> float | None:
    """Chance of a split at least as far from the planned shares; None with fewer than two variants or no plan."""
    if len(units) < 2 or not sum(units) or not sum(shares) or min(shares) <= 0:
        return None
    whole, plan = sum(units), sum(shares)
    return float(stats.chisquare(list(units), [whole * share / plan for share in shares]).pvalue)


def compare_experiments(counts: pa.Table, confidence: float = 0.95, power: float = 0.8) -> pa.Table:
    """A row per experiment, variant and metric from a table with experiment_id, variant, is_control, planned_share,
    metric, units, converted, value_sum, value_squares. The metric of the experiment is a rate over units; the second,
    `<metric>_value`, the mean value per unit. A control's own rows have its rate and no comparison."""
    experiments: dict[str, list[Mapping[str, Any]]] = {}
    for row in counts.to_pylist():
        experiments.setdefault(row["experiment_id"], []).append(row)
    rows: list[dict[str, Any]] = []
    for experiment, variants in sorted(experiments.items()):
        variants.sort(key=lambda v: v["variant"])
        controls = [v for v in variants if v["is_control"]]
        control = controls[0] if len(controls) == 1 else None
        shares = [v["planned_share"] or 0.0 for v in variants]
        split = sample_ratio_p_value([v["units"] for v in variants], shares)
        for variant in variants:
            for metric, found in _metrics(variant, control, confidence, power):
                rows.append(
                    {
                        "experiment_id": experiment, "variant": variant["variant"], "metric": metric,
                        "rate": found.rate, "control_rate": found.control_rate, "uplift": found.uplift,
                        "uplift_low": found.low, "uplift_high": found.high, "p_value": found.p_value,
                        "power": found.power, "smallest_uplift": found.smallest_uplift,
                        "sample_ratio_p_value": split,
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=RESULTS)


def _metrics(
    variant: Mapping[str, Any], control: Mapping[str, Any] | None, confidence: float, power: float
) -> list[tuple[str, Comparison]]:
    name = str(variant["metric"])
    units = int(variant["units"])
    if control is None or control["variant"] == variant["variant"]:
        return [
            (name, Comparison(variant["converted"] / units if units else None, None)),
            (f"{name}_value", Comparison(variant["value_sum"] / units if units else None, None)),
        ]
    others = int(control["units"])
    return [
        (name, compare_rates(variant["converted"], units, control["converted"], others, confidence, power)),
        (
            f"{name}_value",
            compare_means(
                variant["value_sum"], variant["value_squares"], units,
                control["value_sum"], control["value_squares"], others, confidence, power,
            ),
        ),
    ]  # fmt: skip
