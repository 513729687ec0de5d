"""Forecasts: methods on series whose future is known, the choice between them, bands that hold what they promise."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from dbt_project.inference import forecast_methods as methods
from dbt_project.inference.forecast import Settings, rolling_forecasts
from dbt_project.inference.forecast_table import SCHEMA, forecast_table

SEASON = np.array([0.9, 0.7, 1.0, 1.0, 1.1, 1.3, 0.9, 0.9, 1.0, 1.1, 1.3, 0.8])


def shop(years: int, series: int = 4, growth: float = 0.01, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    """Series of one season and growth, of different size."""
    months = years * 12
    size = np.linspace(100, 1000, series)[:, None]
    clean = size * np.tile(SEASON, years) * (1 + growth) ** np.arange(months)
    return clean * (1 + noise * np.random.default_rng(seed).standard_normal(clean.shape))


def nothing_known(months: int) -> np.ndarray:
    return np.zeros((months + 12, 2))


def test_seasonal_naive_is_the_same_month_a_year_before_or_the_mean_of_less() -> None:
    year = np.arange(1.0, 13.0)[None, :]
    assert methods.seasonal_naive(np.hstack([year, year + 100]), 13, 12)[0].tolist() == [*(year[0] + 100), 101.0]
    assert methods.seasonal_naive(np.array([[2.0, 4.0]]), 3, 12).tolist() == [[3.0, 3.0, 3.0]]


def test_damped_trend_by_hand() -> None:
    """Without season, one parameter each: level and trend from the first four months, then one step."""
    values = np.array([[10.0, 12.0, 14.0, 16.0]])
    # means 11 and 15: slope 2 a month, level before the first month 11 - 1.5 x 2 = 8: a straight line is met at once,
    # whatever the smoothing; only the damping bends it
    found = methods.damped_trend(values, [4], 3, 1)[4][0]
    assert 16.0 < found[0] < 18.0
    steps = np.diff(found)
    assert steps[0] > 0
    assert steps[1] / steps[0] == pytest.approx(0.95)
    with pytest.raises(ValueError, match="24 months"):
        methods.damped_trend(np.ones((1, 30)), [23], 2, 12)


def test_damped_trend_with_season_goes_on_with_a_clean_season() -> None:
    values = np.tile(SEASON * 100, 4)[None, :]
    found = methods.damped_trend(values, [36, 48], 12, 12)
    assert found[48][0] == pytest.approx(SEASON * 100)
    assert found[36][0] == pytest.approx(SEASON * 100)


def test_what_comes_later_does_not_change_an_earlier_forecast() -> None:
    values = shop(4, noise=0.2)
    changed = values.copy()
    changed[:, 40:] *= 3
    for name in (methods.BASELINE, *methods.METHODS):
        then = methods.forecast_at(name, values, nothing_known(48), [40], 12, 12)[40]
        now = methods.forecast_at(name, changed, nothing_known(48), [40], 12, 12)[40]
        assert np.array_equal(then, now), name


def test_the_shared_season_serves_a_series_too_small_to_show_one() -> None:
    rng = np.random.default_rng(3)
    values = np.vstack([shop(3, 6), 100 * np.tile(SEASON, 3)[None, :] * (1 + 0.5 * rng.standard_normal((1, 36)))])
    found = methods.shared_season(values, 12, 12)[-1]
    naive = methods.seasonal_naive(values, 12, 12)[-1]
    assert np.abs(found - 100 * SEASON).mean() < 0.5 * np.abs(naive - 100 * SEASON).mean()
    index = methods._shared_indices(shop(4, growth=0.02)[:, 5:], 12)
    # the first month is June now; the growth of the year is not taken for season
    assert index == pytest.approx(np.roll(SEASON, -5) / SEASON.mean(), abs=1e-9)


def test_robust_decomposition_forgets_a_spike_and_moves_a_holiday() -> None:
    values = shop(4, 1, growth=0.0)
    clean = values[0, :12].copy()
    values[0, 30] *= 8
    found = methods.robust_decomposition(values, nothing_known(48), 12, 12)[0]
    assert found[6] / clean[6] < 1.15, "the mean of that month would be 2.75 times as much"
    assert np.abs(found / clean - 1).mean() < 0.07
    # a feast that costs 40% of its month falls into month 0 or 1 by turns
    days = np.zeros((60 + 12, 2))
    feast = [0, 13, 24, 37, 48, 61]
    days[feast, 0] = 7
    flat = np.full((1, 60), 100.0)
    flat[0, [m for m in feast if m < 60]] = 60.0
    ahead = methods.robust_decomposition(flat, days, 12, 12)[0]
    assert ahead[1] < 85 < ahead[0], "the feast is expected in its new month"


def test_no_series_is_served_worse_than_the_baseline_in_the_back_test() -> None:
    values = np.vstack([shop(5, 5, noise=0.3), np.random.default_rng(7).exponential(50, (5, 60))])
    # a season that is repeated to the cent cannot be beaten: the baseline is served, and says so
    values = np.vstack([values, np.tile(SEASON * 10, 5)[None, :]])
    made = rolling_forecasts(values, nothing_known(60))
    assert [one.origin for one in made] == list(range(45, 61))
    for one in made:
        assert (one.backtest_error <= one.baseline_error + 1e-12).all()
    assert made[-1].method[-1] == methods.BASELINE
    assert np.array_equal(made[-1].values[-1], made[-1].baseline[-1])
    assert (made[-1].method != methods.BASELINE).sum() > 5


def test_back_test_errors_by_hand() -> None:
    """Too short for a method: the baseline's errors over the origins known, up to three months ahead."""
    values = np.array([[10.0, 20.0, 30.0]])
    made = rolling_forecasts(values, nothing_known(3), Settings(kept_origins=1))[-1]
    # forecast 10 after one month (errors 10, 20), 15 after two (error 15); actuals 20 + 30 + 30
    assert made.method.tolist() == [methods.BASELINE]
    assert made.backtest_error[0] == pytest.approx(45 / 80)
    # a quarter before there was no month known
    assert np.isnan(made.last_quarter_error[0])
    assert np.isnan(rolling_forecasts(values[:, :1], nothing_known(1))[-1].lower).all()


def test_bands_hold_as_much_as_they_promise() -> None:
    held = np.zeros(2)
    count = 0
    for seed in range(4):
        values = shop(6, 40, noise=0.25, seed=seed)
        for made in rolling_forecasts(values[:, :69], nothing_known(69), Settings(kept_origins=0)):
            for ahead in range(3):
                actual = values[:, 69 + ahead]
                held += ((made.lower[:, :, ahead] <= actual) & (actual <= made.upper[:, :, ahead])).sum(axis=1)
                count += len(actual)
    assert 0.75 < held[0] / count < 0.90
    assert 0.89 < held[1] / count <= 0.99


def test_what_never_was_negative_is_not_expected_to_be() -> None:
    values = np.random.default_rng(5).exponential(1.0, (3, 48)) ** 3
    made = rolling_forecasts(values, nothing_known(48))[-1]
    assert (made.lower >= np.minimum(0, made.values)).all()
    assert (made.upper[1] >= made.upper[0]).all()


def test_series_with_gaps_and_short_calendars_are_refused() -> None:
    with pytest.raises(ValueError, match="without gaps"):
        rolling_forecasts(np.array([[1.0, np.nan]]), nothing_known(2))
    with pytest.raises(ValueError, match="reach to the end"):
        rolling_forecasts(np.ones((1, 3)), np.zeros((10, 2)))


def test_tables_name_series_months_and_the_day_of_the_forecast() -> None:
    starts = [date(2024 + m // 12, m % 12 + 1, 1) for m in range(6)]
    ends = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
    months = pa.table(
        {
            "region": ["north"] * 3 + ["south"] * 3,
            "product_line": ["tea"] * 6,
            "month_start": pa.array(starts[:3] * 2, pa.date32()),
            "last_date": pa.array(ends * 2, pa.date32()),
            "revenue_reporting_amount": [1.0, 2.0, 3.0, 10.0, 20.0, 30.0],
        }
    )
    calendar = pa.table(
        {"month_start": pa.array(starts, pa.date32()), "holiday_day_count": [0] * 6, "promotion_day_count": [0] * 6}
    )
    rows = forecast_table(months, calendar, Settings(horizon=3, lead=2, kept_origins=1)).to_pylist()
    # the origin before to the lead, the newest to the horizon
    assert [(r["region"], r["made_on"], r["month_start"], r["forecast"]) for r in rows if r["region"] == "south"] == [
        ("south", ends[1], starts[2], 15.0),
        ("south", ends[1], starts[3], 15.0),
        ("south", ends[2], starts[3], 20.0),
        ("south", ends[2], starts[4], 20.0),
        ("south", ends[2], starts[5], 20.0),
    ]
    assert forecast_table(months.slice(0, 0), calendar, Settings()).schema == SCHEMA
    with pytest.raises(ValueError, match="every series needs every month"):
        forecast_table(months.slice(0, 5), calendar, Settings(horizon=3))
