"""Drivers of the recommendation: planted effects by quarter and group, missing values, too few answers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from dbt_project.inference.nps_drivers import SCHEMA, driver_table

FIRST, SECOND = date(2026, 1, 1), date(2026, 4, 1)


def _callers(quarter: date, count: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    hours, complaint = rng.exponential(4, count), (rng.random(count) < 0.4).astype(float)
    return pa.table(
        {
            "quarter_start_date": pa.array([quarter] * count, pa.date32()),
            "respondents": ["callers"] * count,
            "recommendation": 9 - 0.3 * hours - 2.0 * complaint + rng.normal(0, 0.2, count),
            "first_response_hours": hours,
            "resolution_hours": rng.exponential(20, count),
            "is_complaint": complaint,
            "delivery_days": pa.nulls(count, pa.float64()),
            "is_refunded": pa.nulls(count, pa.float64()),
        }
    )


def test_planted_effects_come_out_for_each_quarter() -> None:
    found = driver_table(pa.concat_tables([_callers(FIRST, 200, 1), _callers(SECOND, 30, 2)]), 20).to_pylist()
    assert [(r["quarter_start_date"], r["driver"]) for r in found] == [
        (q, d) for q in (FIRST, SECOND) for d in ("first_response_hours", "resolution_hours", "is_complaint")
    ]
    by_driver = {r["driver"]: r for r in found if r["quarter_start_date"] == FIRST}
    assert by_driver["first_response_hours"]["effect"] == pytest.approx(-0.3, abs=0.02)
    assert by_driver["is_complaint"]["effect"] == pytest.approx(-2.0, abs=0.1)
    assert by_driver["resolution_hours"]["effect_lower"] < 0 < by_driver["resolution_hours"]["effect_upper"]
    assert {r["respondent_count"] for r in found} == {200, 30}


def test_quarters_with_too_few_answers_have_no_effects() -> None:
    assert driver_table(_callers(FIRST, 19, 3), 20).schema == SCHEMA
    assert driver_table(_callers(FIRST, 19, 3), 20).num_rows == 0
    assert driver_table(_callers(FIRST, 0, 3), 20).num_rows == 0


def test_answers_without_a_driver_are_left_out_and_rare_drivers_too() -> None:
    answers = _callers(FIRST, 100, 4)
    hours = answers["first_response_hours"].to_pylist()
    rare = [h if n < 40 else None for n, h in enumerate(answers["resolution_hours"].to_pylist())]
    gaps = answers.set_column(3, "first_response_hours", pa.array([None, *hours[1:]], pa.float64()))
    gaps = gaps.set_column(4, "resolution_hours", pa.array(rare, pa.float64()))
    found = driver_table(gaps, 20).to_pylist()
    assert [r["driver"] for r in found] == ["first_response_hours", "is_complaint"]
    assert {r["respondent_count"] for r in found} == {99}
