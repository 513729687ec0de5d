"""Least squares: a textbook case by hand, planted effects, what cannot be told apart."""

from __future__ import annotations

import numpy as np
import pytest

from dbt_project.inference.regression import least_squares


def test_a_line_through_five_points_worked_by_hand() -> None:
    # x 1..5, y 2 4 5 4 5: slope 6 / 10 = 0.6, RSS 2.4, s^2 = 0.8, standard error sqrt(0.08), t(3, 97.5%) = 3.18245
    [effect] = least_squares(np.arange(1.0, 6.0)[:, None], np.array([2.0, 4, 5, 4, 5]), ["x"])
    assert effect.driver == "x" and effect.observations == 5
    assert effect.effect == pytest.approx(0.6, abs=1e-12)
    assert effect.lower == pytest.approx(0.6 - 3.182446305 * np.sqrt(0.08), abs=1e-8)
    assert effect.upper == pytest.approx(0.6 + 3.182446305 * np.sqrt(0.08), abs=1e-8)
    assert effect.p_value == pytest.approx(0.124027, abs=1e-5)


def test_intervals_cover_planted_effects_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    truth = np.array([-0.11, -1.5])
    covered = np.zeros(2)
    for _ in range(400):
        values = np.column_stack([rng.exponential(5, 120), rng.random(120) < 0.3])
        outcome = 9 + values @ truth + rng.normal(0, 1.3, 120)
        effects = least_squares(values, outcome, ["hours", "complaint"])
        covered += [e.lower <= t <= e.upper for e, t in zip(effects, truth, strict=True)]
    assert np.all(np.abs(covered / 400 - 0.95) < 0.035)


def test_what_does_not_vary_or_repeats_another_is_left_out() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=40)
    values = np.column_stack([x, np.full(40, 3.0), 2 * x + 1, rng.normal(size=40)])
    effects = least_squares(values, x + rng.normal(0, 0.1, 40), ["x", "constant", "again", "noise"])
    assert [e.driver for e in effects] == ["x", "noise"]


def test_too_few_observations_have_no_effects() -> None:
    assert least_squares(np.array([[1.0], [2.0]]), np.array([1.0, 2.0]), ["x"]) == []
    assert least_squares(np.empty((0, 1)), np.empty(0), ["x"]) == []


def test_an_exact_line_has_no_spread() -> None:
    [effect] = least_squares(np.array([[0.0], [1.0], [3.0]]), np.array([1.0, 3.0, 7.0]), ["x"])
    assert effect.effect == pytest.approx(2) and effect.lower == pytest.approx(2) and effect.upper == pytest.approx(2)


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError):
        least_squares(np.array([[np.nan], [1.0]]), np.array([1.0, 2.0]), ["x"])
    with pytest.raises(ValueError):
        least_squares(np.array([1.0, 2.0]), np.array([1.0, 2.0]), ["x"])
