"""Experiments: figures of textbooks and of statsmodels, and what the data does not allow."""

from __future__ import annotations

import pyarrow as pa
import pytest
from scipy import stats

from dbt_project.inference.experiments import (
    compare_experiments,
    compare_means,
    compare_rates,
    sample_ratio_p_value,
)


def test_rates_of_the_physicians_health_study() -> None:
    """Heart attacks of 104 of 11,037 with aspirin and 189 of 11,034 without (Agresti, Categorical Data Analysis, 3.1):
    ratio 0.55, 95% interval 0.43 to 0.70 by logs."""
    found = compare_rates(104, 11037, 189, 11034, 0.95, 0.8)
    assert found.uplift == pytest.approx(0.5501 - 1, abs=2e-4)
    assert found.low == pytest.approx(0.433 - 1, abs=1e-3)
    assert found.high == pytest.approx(0.698 - 1, abs=1e-3)
    assert found.p_value is not None
    assert found.p_value < 1e-5


def test_the_p_value_is_that_of_the_chi_square_test() -> None:
    found = compare_rates(45, 400, 30, 420, 0.95, 0.8)
    table = [[45, 355], [30, 390]]
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_power_and_the_smallest_uplift() -> None:
    """By hand: equal rates have a power of 5%. 1,000 against 1,000 at 10%: error sqrt(0.1 * 0.9 * 2 / 1000) = 0.013416,
    times 1.95996 + 0.84162, over 0.1 = 0.37587."""
    found = compare_rates(100, 1000, 100, 1000, 0.95, 0.8)
    assert found.power == pytest.approx(0.05)
    assert found.smallest_uplift == pytest.approx(0.37587, abs=1e-5)
    assert found.p_value == pytest.approx(1.0)
    # 10% against 13.77%, the size that a sample of 1,000 finds with about 74%
    assert compare_rates(138, 1000, 100, 1000, 0.95, 0.8).power == pytest.approx(0.744, abs=0.01)


def test_what_cannot_be_said_is_not_said() -> None:
    assert compare_rates(3, 10, 0, 10, 0.95, 0.8).uplift is None
    assert compare_rates(0, 0, 1, 10, 0.95, 0.8).rate is None
    nothing = compare_rates(0, 10, 4, 10, 0.95, 0.8)
    assert (nothing.uplift, nothing.low, nothing.high) == (-1.0, None, None)
    assert nothing.p_value is not None
    everything = compare_rates(10, 10, 10, 10, 0.95, 0.8)
    assert (everything.uplift, everything.p_value, everything.power) == (0.0, 1.0, None)
    assert compare_means(5.0, 25.0, 1, 5.0, 25.0, 1, 0.95, 0.8).uplift is None


def test_means_are_compared_as_welch_does() -> None:
    here, there = [3.0, 4.0, 8.0, 9.0, 1.0], [2.0, 2.5, 3.0, 1.0, 4.0, 0.5]
    found = compare_means(
        sum(here), sum(x * x for x in here), len(here), sum(there), sum(x * x for x in there), len(there), 0.95, 0.8
    )
    assert found.p_value == pytest.approx(stats.ttest_ind(here, there, equal_var=False).pvalue)
    assert found.uplift == pytest.approx(5.0 / (13.0 / 6.0) - 1)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.uplift < found.high


def test_a_split_that_went_wrong_is_seen() -> None:
    """821 against 979 where halves were planned: chi-square 13.87 with one degree of freedom, p = 0.0002."""
    assert sample_ratio_p_value([821, 979], [0.5, 0.5]) == pytest.approx(0.000196, abs=1e-5)
    assert sample_ratio_p_value([50, 50], [1.0, 1.0]) == 1.0
    assert sample_ratio_p_value([50], [1.0]) is None
    assert sample_ratio_p_value([50, 50], [0.5, 0.0]) is None


def _counts(*rows: tuple[str, str, bool, int, int, float, float]) -> pa.Table:
    names = ("experiment_id", "variant", "is_control", "units", "converted", "value_sum", "value_squares")
    return pa.Table.from_pylist(
        [{**dict(zip(names, row, strict=True)), "metric": "order", "planned_share": 0.5} for row in rows]
    )


def test_each_variant_is_compared_with_the_control() -> None:
    table = compare_experiments(
        _counts(("e", "control", True, 200, 20, 100.0, 900.0), ("e", "new", False, 180, 27, 140.0, 1500.0))
    )
    rows = {(r["variant"], r["metric"]): r for r in table.to_pylist()}
    assert rows["new", "order"]["uplift"] == pytest.approx(0.5)
    assert rows["new", "order_value"]["rate"] == pytest.approx(140 / 180)
    assert rows["control", "order"]["rate"] == pytest.approx(0.1)
    assert rows["control", "order"]["uplift"] is None
    assert rows["new", "order"]["sample_ratio_p_value"] == rows["control", "order"]["sample_ratio_p_value"]


def test_without_one_control_nothing_is_compared() -> None:
    table = compare_experiments(
        _counts(("e", "a", False, 200, 20, 100.0, 900.0), ("e", "b", False, 180, 27, 140.0, 1500.0))
    )
    assert {r["uplift"] for r in table.to_pylist()} == {None}
