"""The measures of models, against figures worked by hand."""

from __future__ import annotations

import pytest

from dbt_project.inference import scoring


def test_wape_is_the_sum_of_errors_over_the_sum_of_actuals() -> None:
    assert scoring.wape([110, 80, 0], [100, 100, 50]) == pytest.approx((10 + 20 + 50) / 250)
    assert scoring.wape([1, 2], [0, 0]) is None


def test_mean_absolute_error() -> None:
    assert scoring.mean_absolute_error([1.0, 4.0], [2.0, 2.0]) == pytest.approx(1.5)
    assert scoring.mean_absolute_error([], []) is None


def test_spearman_is_the_correlation_of_ranks_with_ties_at_their_mean() -> None:
    assert scoring.spearman([1, 2, 3, 4], [10, 20, 30, 1000]) == pytest.approx(1.0)
    assert scoring.spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    # ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: covariance 4.5 over sqrt(4.5 * 5)
    assert scoring.spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)
    assert scoring.spearman([1, 1, 1], [1, 2, 3]) is None
    assert scoring.spearman([1], [1]) is None


def test_auc_is_the_share_of_pairs_in_the_right_order_ties_one_half() -> None:
    assert scoring.auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == pytest.approx(0.75)
    assert scoring.auc([0.5, 0.5], [0, 1]) == pytest.approx(0.5)
    assert scoring.auc([0.1, 0.2], [1, 1]) is None


def test_brier_and_calibration_of_probabilities() -> None:
    assert scoring.brier([0.9, 0.2], [1, 0]) == pytest.approx((0.01 + 0.04) / 2)
    groups = scoring.calibration([0.1, 0.1, 0.9, 0.9], [0, 1, 1, 1], bins=2)
    assert groups == [(pytest.approx(0.1), 0.5, 2), (pytest.approx(0.9), 1.0, 2)]
    assert scoring.calibration_error([0.1, 0.1, 0.9, 0.9], [0, 1, 1, 1], bins=2) == pytest.approx((0.4 + 0.1) / 2)
    assert scoring.calibration_error([], []) is None


def test_decile_lift_is_the_top_tenth_over_the_mean_whatever_the_order_of_ties() -> None:
    value = [100.0, *[10.0] * 19]
    assert scoring.decile_lift(range(20, 0, -1), value) == pytest.approx(55 / 14.5)
    assert scoring.decile_lift([1.0] * 20, value) == pytest.approx(1.0)
    assert scoring.decile_lift([1.0] * 20, value[::-1]) == pytest.approx(1.0)
    assert scoring.decile_lift([1, 2], [0, 0]) is None


def test_what_cannot_be_scored_is_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        scoring.wape([1, 2], [1])
    with pytest.raises(ValueError, match="missing numbers"):
        scoring.auc([0.1, float("nan")], [0, 1])
    with pytest.raises(ValueError, match="0 or 1"):
        scoring.auc([0.1, 0.2], [0, 2])
    with pytest.raises(ValueError, match="between 0 and 1"):
        scoring.brier([1.2], [1])
