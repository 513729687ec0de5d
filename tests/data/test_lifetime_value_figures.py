"""The published figures of the CDNOW customers come out: the summary, BG/NBD, gamma-gamma."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import numpy as np
import pytest

from dbt_project.inference.lifetime_value import expected_purchases, fit_bg_nbd, fit_gamma_gamma

SUMMARY_SQL = """
    with days as (
        select
            cast(parts[2] as integer) as customer, strptime(parts[3], '%Y%m%d')::date as day,
            sum(cast(parts[5] as double)) as amount
        from (
            select string_split_regex(trim(line), '\\s+') as parts
            from read_csv(?, columns = {line: 'varchar'}, delim = '|', header = false, auto_detect = false)
        )
        group by all
    ), placed as (
        select *, row_number() over (partition by customer order by day) as place from days
        where day <= date '1997-09-30'
    )
    select
        customer, count(*) - 1 as frequency, round((max(day) - min(day)) / 7.0, 2) as recency,
        round((date '1997-09-30' - min(day)) / 7.0, 2) as age, avg(amount) filter (place > 1) as mean_repeat
    from placed group by customer order by customer
"""


@pytest.fixture(scope="module")
def folder(exports: Path) -> Path:
    path = exports / "lifetime_value"
    if not path.exists():
        pytest.skip("no lifetime_value in the test data")
    return path


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, np.ndarray]:
    return duckdb.connect().execute(SUMMARY_SQL, [str(folder / "CDNOW_sample.txt")]).fetchnumpy()


def test_the_summary_of_2357_customers(folder: Path, summary: dict[str, np.ndarray]) -> None:
    with (folder / "cdnow_customers_summary.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == len(summary["customer"]) == 2357
    for ours, theirs in (("customer", "ID"), ("frequency", "frequency"), ("recency", "recency"), ("age", "T")):
        assert np.allclose(summary[ours], [float(r[theirs]) for r in rows], atol=0.0051), ours


def test_parameters_of_bg_nbd(summary: dict[str, np.ndarray]) -> None:
    found = fit_bg_nbd(summary["frequency"], summary["recency"], summary["age"])
    assert found.converged
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    in_39_weeks = expected_purchases(found, 39.0, summary["frequency"], summary["recency"], summary["age"])
    assert in_39_weeks[0] == pytest.approx(1.226, abs=1e-3)  # customer 1: x = 2, t_x = 30.43, T = 38.86


def test_parameters_of_gamma_gamma(summary: dict[str, np.ndarray]) -> None:
    mean = np.ma.filled(summary["mean_repeat"].astype(float), np.nan)
    has_repeats = np.nan_to_num(mean) > 0
    assert has_repeats.sum() == 946
    found = fit_gamma_gamma(summary["frequency"][has_repeats], mean[has_repeats])
    assert found.converged
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.44), abs=6e-3)
