"""The sample company through everything: published KPIs are what its truth says, to the cent."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import MilepostHome

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> MilepostHome:
    home = MilepostHome(tmp_path_factory.mktemp("sample") / "home")
    home.milepost("demo", "--size", "small")
    return home


def truth(home: MilepostHome, file_name: str) -> list[dict[str, str]]:
    with (home.root / "truth" / file_name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_revenue_of_each_month_is_the_truth(demo: MilepostHome) -> None:
    """In the source currencies, as the truth knows no rates; refunds as far as exports let them be known."""
    wanted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in truth(demo, "revenue_by_month.csv"):
        sign = {"net": 1, "refund_as_stated": -1}.get(row["what"], 0)
        if sign:
            wanted[row["month"], row["currency"]] += sign * Decimal(row["amount"])
    found = demo.query(
        """
        with amounts as (
            select paid_date as day, currency, net_amount as amount from core.fct_order_lines where is_sale
            union all
            select refunded_date, currency, -amount from core.fct_refunds where is_counted
            union all
            select won_date, currency, amount from core.fct_opportunities where is_won and not has_linked_order
        )
        select strftime(day, '%Y-%m'), currency, sum(amount) from amounts group by all
        """
    )
    assert {(month, currency): amount for month, currency, amount in found} == wanted


def test_revenue_in_the_reporting_currency_is_that_of_its_parts(demo: MilepostHome) -> None:
    """What is in the reporting currency already needs no rate: those months are the truth to the cent."""
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in truth(demo, "revenue_by_month.csv"):
        if row["currency"] == "CNY":
            wanted[row["month"]] += {"net": 1, "refund_as_stated": -1}.get(row["what"], 0) * Decimal(row["amount"])
    found = demo.query(
        """
        select strftime(event_date, '%Y-%m'), sum(revenue_reporting_amount)
        from sales.revenue_events
        left join (select order_key, currency from core.fct_orders) as orders using (order_key)
        left join (select opportunity_key, currency from core.fct_opportunities) as deals using (opportunity_key)
        where coalesce(orders.currency, deals.currency) = 'CNY'
        group by 1
        """
    )
    assert dict(found) == wanted
    published = (
        "select sum(value) from kpi.kpi_values where kpi_id = 'revenue' and grain = 'month' and dimension = 'total'"
    )
    events = "select sum(revenue_reporting_amount)::double from sales.revenue_events"
    assert demo.one(published) == pytest.approx(demo.one(events), abs=0.01)


def test_orders_of_each_month_are_the_truth(demo: MilepostHome) -> None:
    wanted: dict[str, float] = defaultdict(float)
    for row in truth(demo, "revenue_by_month.csv"):
        if row["what"] == "orders":
            wanted[row["month"]] += float(row["amount"])
    found = demo.query(
        "select strftime(period_start, '%Y-%m'), value from kpi.kpi_values"
        " where kpi_id = 'orders' and grain = 'month' and dimension = 'total'"
    )
    assert dict(found) == wanted


def test_trailing_customers_are_counted_on_the_day(demo: MilepostHome) -> None:
    """The repurchase rate from changes equals counting the orders of the twelve months before a day."""
    counted = demo.one(
        """
        select count(*) filter (order_count >= 2) / count(*)
        from (
            select customer_id, count(*) as order_count
            from core.fct_orders
            where is_paid_order and paid_date > date '2025-05-17' - interval 1 year and paid_date <= date '2025-05-17'
                and customer_id is not null
            group by 1
        )
        """
    )
    published = demo.one(
        "select value from kpi.kpi_values where kpi_id = 'repurchase_rate' and grain = 'day'"
        " and dimension = 'total' and period_start = date '2025-05-17'"
    )
    assert published == pytest.approx(counted)
    assert 0 < float(str(published)) < 1


def test_every_goal_has_its_actual(demo: MilepostHome) -> None:
    """Goals of the total, of a dimension and of a crossing have an actual and a light as soon as their period began."""
    rows = demo.query("select dimension, count(*), count(actual), count(status) from goals.goal_attainment group by 1")
    assert {"total", "region", "region x product_line"} <= {row[0] for row in rows}
    assert all(goals == actuals for _, goals, actuals, _ in rows)


def test_unit_tests_of_all_models_hold(demo: MilepostHome) -> None:
    """Hand-worked rows of every model, in a warehouse that has what the models read; they set their own clock."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MILEPOST_AS_OF", "DBT_"))}
    command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", "test", "--resource-type", "unit_test"]
    folders = ["--profiles-dir", ".", "--target-path", "..", "--log-path", ".."]
    done = subprocess.run(
        [*command, *folders],
        cwd=demo.root / "dbt" / "dbt_project",
        env={**environment, "MILEPOST_HOME": str(demo.root), "MILEPOST_DBT_HOME": "../.."},
        capture_output=True,
        text=True,
        check=False,
    )
    counts = re.search(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0 .*TOTAL=(\d+)", done.stdout)
    assert done.returncode == 0 and counts and counts[1] == counts[2], done.stdout[-4000:] + done.stderr[-1000:]
    assert int(counts[1]) >= 200
