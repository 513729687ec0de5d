"""BG/NBD and gamma-gamma: published figures, limits, and what happens where a fit has nothing to go by."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from dbt_project.inference.lifetime_value import (
    BgNbd,
    GammaGamma,
    expected_histories,
    expected_mean_value,
    expected_purchases,
    fit_bg_nbd,
    fit_gamma_gamma,
    probability_alive,
)

#: Of Fader, Hardie and Lee (2005), table 2; time in weeks.
CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, converged=True)
SPEND = GammaGamma(p=6.25, q=3.74, v=15.44, converged=True)


def simulated(seed: int, customers: int) -> tuple[np.ndarray, ...]:
    """Histories drawn from the model itself: rates gamma(1.2, 6), chance to leave beta(0.8, 2.5), 104 weeks."""
    rng = np.random.default_rng(seed)
    rate, leave, age = (
        rng.gamma(1.2, 1 / 6.0, customers),
        rng.beta(0.8, 2.5, customers),
        rng.uniform(40, 104, customers),
    )
    x, t_x = np.zeros(customers), np.zeros(customers)
    for i in range(customers):
        time = rng.exponential(1 / rate[i])
        while time <= age[i]:
            x[i], t_x[i] = x[i] + 1, time
            if rng.random() < leave[i]:
                break
            time += rng.exponential(1 / rate[i])
    return x, t_x, age


def test_expected_purchases_of_the_paper() -> None:
    # the worked example of the authors' spreadsheet: x = 2, t_x = 30.43, T = 38.86, the next 39 weeks
    assert expected_purchases(CDNOW, 39.0, [2], [30.43], [38.86])[0] == pytest.approx(1.226, abs=5e-4)


def test_who_never_came_back_is_alive_and_expected_as_the_closed_form_says() -> None:
    # x = 0: (a + b - 1) / (a - 1) * [1 - ((alpha + T) / (alpha + T + t))^r 2F1(r, b; a + b - 1; z)], untransformed
    from scipy.special import hyp2f1

    age, time = 20.0, 52.0
    z = time / (CDNOW.alpha + age + time)
    closed = (CDNOW.a + CDNOW.b - 1) / (CDNOW.a - 1)
    closed *= 1 - (1 - z) ** CDNOW.r * hyp2f1(CDNOW.r, CDNOW.b, CDNOW.a + CDNOW.b - 1, z)
    assert expected_purchases(CDNOW, time, [0], [0], [age])[0] == pytest.approx(closed, rel=1e-10)
    assert probability_alive(CDNOW, [0], [0], [age])[0] == 1.0


def test_long_silence_after_many_purchases_means_gone_and_nothing_overflows() -> None:
    alive = probability_alive(CDNOW, [500, 500], [20.0, 103.9], [104.0, 104.0])
    assert alive[0] < 1e-6 and alive[1] > 0.99
    expected = expected_purchases(CDNOW, 52.0, [500, 500], [20.0, 103.9], [104.0, 104.0])
    assert np.isfinite(expected).all() and expected[0] < 1e-3 and expected[1] > 100


def test_no_singularity_where_a_is_one() -> None:
    near = [
        expected_purchases(BgNbd(0.5, 5.0, a, 2.0, True), 52.0, [3], [30.0], [50.0])[0] for a in (0.999, 1.0, 1.001)
    ]
    assert near[0] > near[1] > near[2] and near[0] == pytest.approx(near[2], rel=0.01)


def test_a_fit_finds_the_parameters_that_made_the_data() -> None:
    x, t_x, age = simulated(7, 6000)
    found = fit_bg_nbd(x, t_x, age)
    assert found.converged
    assert (found.r, found.alpha) == pytest.approx((1.2, 6.0), rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(0.8 / 3.3, rel=0.15)


def test_counted_histories_fit_like_single_ones() -> None:
    x, t_x, age = np.rint(simulated(3, 800))
    rows, counts = np.unique(np.stack([x, t_x, age]), axis=1, return_counts=True)
    single, counted = fit_bg_nbd(x, t_x, age), fit_bg_nbd(*rows, counts)
    assert (single.r, single.alpha, single.a, single.b) == pytest.approx(
        (counted.r, counted.alpha, counted.a, counted.b), rel=1e-3
    )


def test_mean_value_is_drawn_from_the_mean_of_all_to_the_own() -> None:
    of_all = SPEND.p * SPEND.v / (SPEND.q - 1)
    values = expected_mean_value(SPEND, [0, 1, 1000], [0.0, 100.0, 100.0])
    assert values[0] == pytest.approx(of_all)
    assert of_all < values[1] < 100.0 and values[2] == pytest.approx(100.0, rel=0.01)


def test_the_unit_of_money_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    x = rng.integers(1, 8, 3000).astype(float)
    mean = rng.gamma(6.0 * x, 1 / (x * rng.gamma(4.0, 1 / 15.0, 3000)))
    one, hundred = fit_gamma_gamma(x, mean), fit_gamma_gamma(x, mean * 100)
    assert one.converged and (one.p, one.q) == pytest.approx((6.0, 4.0), rel=0.2)
    assert (hundred.p, hundred.q, hundred.v) == pytest.approx((one.p, one.q, one.v * 100), rel=1e-3)


def tables(group: str, x: np.ndarray, t_x: np.ndarray, age: np.ndarray) -> tuple[pa.Table, pa.Table]:
    days = {"repeat_count": x, "recency_days": np.rint(t_x * 7), "age_days": np.rint(age * 7)}
    columns = {name: pa.array(values.astype(np.int64)) for name, values in days.items()}
    histories = pa.table(
        {"customer_group": [group] * len(x), **columns, "customer_count": pa.array(np.ones(len(x), np.int64))}
    )
    rng, repeats = np.random.default_rng(1), x[x > 0]
    mean = rng.gamma(6.0 * repeats, 1 / (repeats * rng.gamma(4.0, 1 / 15.0, len(repeats))))
    values = pa.table(
        {
            "customer_group": [group] * len(repeats),
            "repeat_count": repeats,
            "mean_amount": mean,
            "customer_count": np.ones(len(repeats)),
        }
    )
    return histories, values


def test_a_group_with_too_few_repeat_customers_is_left_to_the_fall_back() -> None:
    many, few = tables("person", *simulated(2, 900)), tables("organisation", *simulated(4, 30))
    result = expected_histories(*(pa.concat_tables(pair) for pair in zip(many, few, strict=True)), 100)
    rows = result.to_pylist()
    assert len(rows) == 930
    assert {r["customer_group"] for r in rows if r["expected_purchases"] is None} == {"organisation"}
    assert all(r["value_v"] is None for r in rows if r["customer_group"] == "organisation")
    assert all(0 <= r["probability_alive"] <= 1 and r["value_q"] > 1 for r in rows if r["customer_group"] == "person")


def test_a_fit_that_runs_away_is_left_to_the_fall_back() -> None:
    # every week, for all: rates do not vary, nobody leaves: the likelihood has no maximum
    x = np.full(300, 50.0)
    result = expected_histories(*tables("person", x, np.full(300, 50.0), np.full(300, 50.0)), 100)
    assert result["expected_purchases"].null_count == 300


def test_nothing_in_nothing_out() -> None:
    histories, values = tables("person", *simulated(2, 50))
    empty = expected_histories(histories.slice(0, 0), values.slice(0, 0), 100)
    assert empty.num_rows == 0 and empty["expected_purchases"].type == pa.float64()
