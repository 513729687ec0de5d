"""A dbt test that fails closes the gate before there is a build: status still says what, and whose rows."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from expectations.faults import deliveries_of_rows
from ingestion.ledger.runs import GATE_CLOSED, PUBLISHED, RunRecord
from orchestration import failed_tests
from orchestration.cli.status import _gate, closed_before_a_build

NOON = datetime(2026, 9, 30, 12)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema core")
        connection.execute(
            "create table core.fct_refunds as select * from (values "
            "('shop:1', 5.00, 3), ('shop:2', 7.00, 4), ('shop:2', 7.00, 9), (null, 1.00, 5)"
            ") as t (order_key, amount, _delivery_seq)"
        )
    return path


@pytest.mark.parametrize(
    ("rows", "deliveries"),
    [
        ("select * from core.fct_refunds where amount > 6", (4, 9)),
        ("select order_key, count(*) as n from core.fct_refunds group by order_key having count(*) > 1", (4, 9)),
        ("select order_key from core.fct_refunds where order_key is null", (5,)),
        ("select sum(amount) as amount from core.fct_refunds", ()),
        ("select no_such_column from core.fct_refunds", ()),
    ],
)
def test_rows_name_their_deliveries(warehouse: Path, rows: str, deliveries: tuple[int, ...]) -> None:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        assert deliveries_of_rows(connection, rows, ["core.fct_refunds"]) == deliveries


def test_failed_tests_are_found_with_their_deliveries(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = "test.milepost.refunds_are_there_once.1"
    nodes = {
        "model.milepost.fct_refunds": {"relation_name": "core.fct_refunds"},
        test: {
            "name": "refunds_are_there_once",
            "description": "A refund is there once.",
            "attached_node": "model.milepost.fct_refunds",
            "depends_on": {"nodes": ["model.milepost.fct_refunds"]},
        },
    }
    rows = "select order_key from core.fct_refunds group by 1 having count(*) > 1"
    results = [
        {"unique_id": test, "status": "fail", "failures": 1, "compiled_code": rows},
        {"unique_id": "test.milepost.other.2", "status": "pass", "failures": 0, "compiled_code": rows},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}), encoding="utf-8")
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}), encoding="utf-8")
    known = [SimpleNamespace(delivery_seq=n, delivery_id=f"shop-{n}") for n in (3, 4, 5, 9)]
    monkeypatch.setattr("ingestion.ledger.deliveries.list_deliveries", lambda ledger, **_: known)
    session = SimpleNamespace(ledger=None, home=SimpleNamespace(warehouse=warehouse, dbt_target=tmp_path), summary={})
    failed_tests.tell(session, tmp_path)  # type: ignore[arg-type]
    assert session.summary == {
        "gate": "closed",
        "failed_tests": [
            {
                "test": "refunds_are_there_once",
                "description": "A refund is there once.",
                "row_count": 1,
                "deliveries": ("shop-4", "shop-9"),
            }
        ],
        "suspects": ["shop-4", "shop-9"],
    }


def record(outcome: str | None, **summary: object) -> RunRecord:
    ended = None if outcome is None else NOON
    return RunRecord("r", NOON, ended, "command", outcome, NOON, summary)


def test_status_tells_a_gate_that_closed_before_a_build() -> None:
    failed = {"test": "refunds_add_up", "description": "", "row_count": 9, "deliveries": []}
    closed = record(GATE_CLOSED, error="1 integrity test failed", failed_tests=[failed], suspects=["shop-4"])
    gate = closed_before_a_build([record(None), closed, record(PUBLISHED)])
    assert gate is not None
    assert _gate(gate).startswith("closed before a build was made, 2026-09-30 12:00")
    assert gate["failed"][0]["observed"] == "9 rows"
    assert gate["failed"][0]["deliveries"] == ["shop-4"]
    assert closed_before_a_build([record(PUBLISHED), closed]) is None
    assert closed_before_a_build([]) is None
