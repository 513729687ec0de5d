"""The scores of churn risk and lifetime value: small catalogs, worked by hand or drawn from the models themselves."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ingestion.errors import MilepostError
from orchestration.score import churn, lifetime_value


def risks(rows: list[tuple[str, str, str, float | None, bool]]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(
        "create schema customers; create table customers.churn_risk (customer_id text, as_of_date date, "
        "last_purchase_date date, churn_probability double, is_at_risk boolean)"
    )
    con.executemany("insert into customers.churn_risk values (?, ?, ?, ?, ?)", rows)
    return con


def test_churn_is_judged_by_the_quarter_that_came(tmp_path: Path) -> None:
    con = risks(
        [
            # left with 0.9, left with 0.4, stayed with 0.6, stayed with 0.1: three of four pairs are in order
            ("a", "2024-06-30", "2024-01-01", 0.9, True),
            ("a", "2024-09-30", "2024-01-01", 0.5, True),
            ("b", "2024-06-30", "2024-06-01", 0.4, False),
            ("b", "2024-09-30", "2024-06-01", 0.5, True),
            ("c", "2024-06-30", "2024-05-01", 0.6, True),
            ("c", "2024-09-30", "2024-07-01", 0.5, False),
            ("d", "2024-06-30", "2024-06-29", 0.1, False),
            ("d", "2024-09-30", "2024-09-30", 0.5, False),
            # a probability nobody had, and a quarter whose outcome is not known, say nothing
            ("e", "2024-03-31", "2024-03-01", None, False),
            ("e", "2024-06-30", "2024-03-01", None, False),
        ]
    )
    found = {score.measure: score for score in churn.score(con, tmp_path)}
    assert found["AUC of the probability"].value == pytest.approx(0.75)
    assert found["AUC of the rules' flag"].value == pytest.approx(0.5)
    squares = (0.1**2 + 0.6**2 + 0.6**2 + 0.1**2) / 4
    assert found["Brier score of the probability"].value == pytest.approx(squares)
    assert found["AUC of the probability"].note.startswith("4 customers")


def test_churn_without_an_outcome_cannot_be_scored(tmp_path: Path) -> None:
    con = risks([("a", "2024-06-30", "2024-01-01", 0.9, True)])
    with pytest.raises(MilepostError, match="no quarter with a probability"):
        churn.score(con, tmp_path)


def purchases(customers: int, seed: int = 11) -> duckdb.DuckDBPyConnection:
    """Orders of customers who follow the models: gamma rates, beta chances to leave, gamma-gamma values."""
    rng, end = np.random.default_rng(seed), date(2025, 12, 31)
    rows, firsts = [], []
    for number in range(customers):
        first = end - timedelta(days=int(rng.integers(300, 730)))
        rate, leave, scale = rng.gamma(1.0, 1 / 8), rng.beta(0.7, 2.0), rng.gamma(4.0, 1 / 15.0)
        firsts.append((f"c{number}", first, end))
        moment = 0.0
        while first + timedelta(days=moment) <= end:
            day = first + timedelta(days=int(moment))
            rows.append((f"c{number}", day, float(rng.gamma(6.0, 1 / scale)), True))
            if moment and rng.random() < leave:
                break
            moment += 7 * rng.exponential(1 / rate)
    con = duckdb.connect()
    con.execute(
        "create schema core; create schema customers;"
        "create table core.fct_orders (customer_id text, paid_date date, net_reporting_amount double, is_paid_order "
        "boolean); create table customers.lifetime_value (customer_id text, first_purchase_date date, as_of_date date)"
    )
    con.executemany("insert into core.fct_orders values (?, ?, ?, ?)", rows)
    con.executemany("insert into customers.lifetime_value values (?, ?, ?)", firsts)
    return con


def test_lifetime_value_passes_on_customers_who_follow_the_models(tmp_path: Path) -> None:
    found = {score.measure: score for score in lifetime_value.score(purchases(1500), tmp_path)}
    assert all(score.passed for score in found.values())
    total, lift = found["error of the expected revenue of all"].value, found["lift of the best tenth"].value
    assert total is not None and total < 0.15
    assert lift is not None and lift > 3
    assert "held out: the last 182 days" in found["error of the expected revenue of all"].note


def test_lifetime_value_fails_where_customers_stop_all_at_once(tmp_path: Path) -> None:
    con = purchases(600)
    con.execute("update core.fct_orders set net_reporting_amount = 0.01 where paid_date > date '2025-08-01'")
    found = {score.measure: score for score in lifetime_value.score(con, tmp_path)}
    assert not found["error of the expected revenue of all"].passed


def test_lifetime_value_without_repeat_purchases_cannot_be_scored(tmp_path: Path) -> None:
    con = purchases(50)
    con.execute(
        "delete from core.fct_orders as o where exists (select 1 from core.fct_orders p "
        "where p.customer_id = o.customer_id and p.paid_date < o.paid_date)"
    )
    with pytest.raises(MilepostError, match="do not fit"):
        lifetime_value.score(con, tmp_path)
