"""The audit log is handed to the marts line by line, without what it says of single customers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ingestion.lake import write_operational
from tests.ingestion_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def _line(number: int, at: datetime, **further: object) -> str:
    line = {
        "number": number, "at": at.isoformat(timespec="seconds"), "actor": "root", "role": "service",
        "action": "reveal", "purpose": "service_case", "details": {"customers": 2, "ids": ["c-1", "c-2"]}, "hash": "00",
    }  # fmt: skip
    return json.dumps({**line, **further})


def test_lines_up_to_the_clock_become_rows_without_ids(bench: Bench) -> None:
    folder = bench.home.root / "audit"
    folder.mkdir()
    lines = [
        _line(1, bench.clock),
        _line(2, bench.clock, action="erase person", details={"customer_id": "c-9"}),
        _line(3, bench.clock, purpose="", details={"refused": True}),
        _line(4, bench.clock + timedelta(seconds=1)),
    ]
    (folder / "audit.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_operational(bench.home, bench.ledger, bench.clock)
    rows = bench.rows("access_event", "audit_number, action, purpose, customer_count, is_refused")
    assert rows == [
        (1, "reveal", "service_case", 2, False),
        (2, "erase person", "service_case", None, False),
        (3, "reveal", "", None, True),
    ]
    raw = b"".join(path.read_bytes() for path in bench.home.entity("access_event").glob("*.parquet"))
    assert b"c-1" not in raw and b"c-9" not in raw


def test_a_home_that_read_nothing_back_has_no_rows(bench: Bench) -> None:
    write_operational(bench.home, bench.ledger, bench.clock)
    assert bench.rows("access_event", "audit_number") == []
