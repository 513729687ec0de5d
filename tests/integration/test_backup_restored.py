"""A home copied by `milepost backup`, made again by `milepost restore`, answers and goes on as the first one did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.conftest import InventedShop, invented_shop
from tests.support import PROJECT, MilepostHome

AS_OF = "2018-06-01"
SETTINGS = "business:\n  reporting_currency: BRL\n  reporting_time_zone: America/Sao_Paulo\n"
FIGURES = (
    "select kpi_id, grain, period_start, dimension, member, value from kpi.kpi_values "
    "where kpi_id <> 'data_freshness_minutes' order by all"
)


def spoiled_shop() -> InventedShop:
    """One order line whose freight is no amount."""
    shop = invented_shop()
    shop.tables["order_items"][-1]["freight_value"] = "free of charge"
    return shop


@pytest.fixture(scope="module")
def home(make_home: Callable[[str], MilepostHome]) -> MilepostHome:
    home = make_home("first")
    home.settings(SETTINGS)
    spoiled_shop().drop(home)
    home.milepost("run", "--as-of", AS_OF)
    return home


@pytest.mark.slow
def test_a_run_ends_with_a_tidy_home(home: MilepostHome) -> None:
    current = home.root / "lake" / "_snapshots" / "current"
    assert current.is_symlink()
    assert any((current / "order_line").glob("*.parquet"))
    assert "housekeeping" in home.milepost("status", "--timing").output


@pytest.mark.slow
def test_a_record_that_still_fails_stays_rejected_and_a_reprocess_of_the_same_changes_nothing(
    home: MilepostHome,
) -> None:
    before = home.milepost("rejects", "list", "--format", "csv").output
    assert "olist.order_items,freight_value," in before
    assert "nothing changed" in home.milepost("rejects", "replay").output
    assert home.milepost("rejects", "list", "--format", "csv").output == before
    assert "nothing changed" in home.milepost("reprocess", "--all").output
    assert "which deliveries?" in home.milepost("reprocess", expect=2).output
    assert "nothing is new" in home.milepost("run", "--as-of", AS_OF).output


@pytest.mark.slow
def test_a_rejected_record_goes_through_to_the_marts_after_its_contract_was_corrected(
    make_home: Callable[[str], MilepostHome],
) -> None:
    home = make_home("mended")
    home.settings(SETTINGS)
    spoiled_shop().drop(home)
    home.milepost("run", "--as-of", AS_OF)
    lines = "select count(*) from core.fct_order_lines"
    before = home.one(lines)
    shipped = (PROJECT / "ingestion" / "contracts" / "olist" / "order_items.yml").read_text(encoding="utf-8")
    own = home.root / "contracts" / "olist" / "order_items.yml"
    own.parent.mkdir(parents=True)
    strict = "        physicalName: freight_value\n        logicalType: number\n        customProperties:\n"
    assert strict in shipped
    lenient = strict + "          - {property: onFail, value: missing}\n"
    own.write_text(shipped.replace(strict, lenient).replace("version: 1.0.0", "version: 1.1.0"), encoding="utf-8")
    assert "1 delivery changed" in home.milepost("rejects", "replay", "--contract", "olist.order_items").output
    assert "there is nothing to read again" in home.milepost("rejects", "replay").output
    home.milepost("run", "--as-of", AS_OF, expect=None)
    assert home.one(lines) == before + 1
    assert home.query(
        "select sum(received_rows - accepted_rows - superseded_rows - rejected_rows), sum(rejected_rows)"
        " from data.delivery_accounting"
    ) == [(0, 0)]


@pytest.mark.slow
def test_a_restored_home_answers_and_goes_on_as_the_first(
    home: MilepostHome, make_home: Callable[[str], MilepostHome], tmp_path: Path
) -> None:
    target = tmp_path / "backups"
    home.milepost("backup", str(target))
    again = home.milepost("backup", str(target), "--keep", "1")
    assert "removed" in again.output
    restored = make_home("restored")
    answer = restored.milepost("restore", str(target)).output
    assert "every file and the accounting agree" in answer
    assert restored.query(FIGURES) == home.query(FIGURES)
    views = restored.query("select sql from duckdb_views() where not internal")
    assert views
    assert not any(str(home.root) in sql for (sql,) in views), "the catalog reads the restored files"
    assert "nothing is new" in restored.milepost("run", "--as-of", AS_OF).output
    assert "not empty" in home.milepost("restore", str(target), expect=2).output
    further = invented_shop()
    for name, rows in further.tables.items():
        further.tables[name] = rows[:100]
    further.drop(restored, "second")
    restored.milepost("run", "--as-of", AS_OF, expect=None)
    assert restored.one("select count(*) from core.fct_orders") == home.one("select count(*) from core.fct_orders")
