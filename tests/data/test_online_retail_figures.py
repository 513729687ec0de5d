"""A British shop's orders in 305 daily files: every record counts, a day's file replaces that day."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support import MilepostHome

SETTINGS = "business:\n  reporting_currency: GBP\n  reporting_time_zone: Europe/London\n"
AS_OF = "2011-12-10"


@pytest.fixture(scope="module")
def files(exports: Path) -> list[Path]:
    found = sorted((exports / "online_retail" / "by-day").glob("*.csv"))
    assert len(found) == 305
    return found


@pytest.fixture(scope="module")
def published(make_home: Callable[[str], MilepostHome], files: list[Path]) -> MilepostHome:
    home = make_home("online-retail")
    home.settings(SETTINGS)
    home.drop("online_retail", files)
    home.milepost("run", "--as-of", AS_OF)
    return home


def test_every_row_is_accounted_for(published: MilepostHome) -> None:
    rows = published.one(
        "select count(*), sum(received_rows), sum(accepted_rows), sum(superseded_rows), sum(rejected_rows)"
        " from data.delivery_accounting"
    )
    assert rows == (305, 541909, 541909, 0, 0)


def test_exact_duplicates_are_counted_and_kept(published: MilepostHome) -> None:
    assert published.one("select sum(exact_duplicate_rows) from data.delivery_accounting") == 5268
    assert published.one("select count(*) from core.fct_order_lines") == 541909


def test_invoices_and_cancelled_invoices(published: MilepostHome) -> None:
    rows = published.one("select count(*), count(*) filter (where order_id like 'C%') from core.fct_orders")
    assert rows == (25900, 3836)


def test_customers_and_lines_without_one(published: MilepostHome) -> None:
    rows = published.one(
        "select count(distinct customer_id), count(*) filter (where customer_id is null) from core.fct_order_lines"
    )
    assert rows == (4372, 135080)


def test_gross_over_all_lines(published: MilepostHome) -> None:
    assert published.one("select sum(net_amount) from core.fct_order_lines") == Decimal("9747747.9340")


def test_lines_with_a_customer_that_are_not_cancelled(published: MilepostHome) -> None:
    rows = published.one(
        "select count(*), count(distinct customer_id), sum(net_amount) from core.fct_order_lines"
        " where customer_id is not null and not is_cancelled"
    )
    assert rows[:2] == (397924, 4339)
    assert round(rows[2], 2) == Decimal("8911407.90")


def test_non_product_codes_are_no_product_sales_and_returns_reduce_revenue(published: MilepostHome) -> None:
    revenue = published.one(
        "select sum(value) from kpi.kpi_values where kpi_id = 'revenue' and grain = 'year' and dimension = 'total'"
    )
    assert abs(Decimal(str(revenue)) - Decimal("9793397.24")) < Decimal("0.01")


def test_a_corrected_day_replaces_that_day_and_nothing_else(
    published: MilepostHome, files: list[Path], tmp_path: Path
) -> None:
    day = files[10]
    corrected = tmp_path / day.name
    with day.open(encoding="utf-8", newline="") as source, corrected.open("w", encoding="utf-8", newline="") as target:
        rows = list(csv.reader(source))
        csv.writer(target).writerows(rows[:101])  # the heading and the first hundred records
    by_day = (
        "select cast(ordered_at as date), count(*), sum(net_amount) from core.fct_order_lines group by 1 order by 1"
    )
    before = published.query(by_day)
    received = len(rows) - 1
    published.drop("online_retail", [corrected])
    published.milepost("run", "--as-of", AS_OF)
    after = published.query(by_day)
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [(str(row[0]), row[1]) for row in changed] == [(day.stem, 100)]
    replaced = published.query(
        f"select accepted_rows, superseded_rows from data.delivery_accounting where file_name = '{day.name}'"
        " order by accepted_rows"
    )
    assert replaced == [(0, received), (100, 0)]


def test_running_again_changes_nothing(published: MilepostHome) -> None:
    version = published.catalog.resolve()
    output = published.milepost("run", "--as-of", AS_OF).output
    assert published.catalog.resolve() == version
    assert "nothing is new" in output.lower()
