"""Exports change: new, missing and renamed columns, changed types, full exports that shrink, states that alternate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingestion.contracts.model import Column, Contract, Coverage, Supersede, SupersedeBy, Target
from ingestion.ledger.deliveries import confirm
from tests.ingestion_bench import COLUMNS, HEADINGS, LINES, Bench, csv_text, invented_contract


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def details(bench: Bench, reason: str) -> list[str | None]:
    """Details of the last ingestion's issues with that reason."""
    return [issue.detail for issue in bench.ingest().issues if issue.reason == reason]


def orders(*numbers: int, quantity: int = 1) -> str:
    return csv_text(*(f"A{n},Zhang Wei,,{quantity},5,2026-02-01," for n in numbers))


def test_a_new_column_is_named_with_how_many_records_fill_it_and_is_never_stored_in_clear(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(
        "A1,x,,1,1,2026-02-01,,上官飞云鹤,", "A2,x,,1,1,2026-02-01,,上官飞云鹤,u",
        "A3,x,,bad,1,2026-02-01,,上官飞云鹤,",
        headings=(*HEADINGS, "Recipient", "Source"),
    ))  # fmt: skip
    assert details(bench, "unknown_columns") == ["Recipient (filled in 3 of 3), Source (filled in 1 of 3)"]
    assert bench.parts()[0].unknown_columns == ["Recipient", "Source"]
    for path in bench.root.rglob("*"):
        if path.is_file():
            assert "上官飞云鹤".encode() not in path.read_bytes(), path
    for path in (*bench.home.lake.rglob("*.parquet"), *bench.home.rejects.rglob("*.parquet")):
        assert "上官飞云鹤" not in str(duckdb.sql(f"from '{path}'").fetchall()), path


def test_headings_run_together_with_a_record_show_nothing_of_it(bench: Bench) -> None:
    heading, record = ",".join(HEADINGS), "A1,上官飞云鹤,13987650123,1,5,2026-02-01,hello"
    bench.drop("a.csv", f"{heading}{record}\n{record}\n")
    bench.contracts = (replace(bench.contracts[0], held_rejected_share=1.0),)
    result = bench.ingest()
    said = f"{result.issues} {result.parts} {[d.state_reason for d in result.deliveries]}"
    assert "上官" not in said and "1398765" not in said
    assert "column 8" in said
    stored = str([duckdb.sql(f"select * exclude content from '{p}'").fetchall() for p in bench.home.rejects.iterdir()])
    assert "上官" not in stored and "1398765" not in stored


def test_a_renamed_optional_column_is_suggested(bench: Bench) -> None:
    renamed = ["Phone No." if heading == "Phone" else heading for heading in HEADINGS]
    bench.drop("a.csv", csv_text("A1,x,13812345678,1,1,2026-02-01,", headings=tuple(renamed)))
    assert details(bench, "unknown_columns") == ["Phone No. (filled in 1 of 1; did you mean Phone?)"]


@pytest.mark.parametrize(
    ("heading", "suggested"), [("Qauntity", "Qauntity"), ("Quantity sold", "Quantity sold"), ("Zz", None)]
)
def test_a_renamed_required_column_stops_its_delivery_and_is_suggested(
    bench: Bench, heading: str, suggested: str | None
) -> None:
    renamed = [heading if name == "Quantity" else name for name in HEADINGS]
    bench.drop("a.csv", csv_text("A1,x,,1,1,2026-02-01,", headings=tuple(renamed)))
    bench.drop("b.csv", orders(2))
    stopped, other = bench.ingest().deliveries
    hint = f" (did you mean {suggested}?)" if suggested else ""
    assert stopped.state == "held" and stopped.state_reason == f"heading Quantity is missing{hint}"
    assert other.state == "active" and bench.rows("order_line", "order_id") == [("A2",)]


def test_a_changed_type_rejects_its_records_and_the_others_stay(bench: Bench) -> None:
    bench.contracts = (replace(bench.contracts[0], held_rejected_share=0.5),)
    bench.drop("a.csv", csv_text("A1,x,,1,1,2026-02-01,", "A2,x,,two,1,2026-02-01,", "A3,x,,3,1,1 Feb,", "A4,x,,4,1,,"))
    result = bench.ingest()
    reasons = {(i.column_name, i.reason): i.row_count for i in result.issues if i.effect == "rejected"}
    assert reasons == {("quantity", "not_an_integer"): 1, ("ordered_at", "not_a_timestamp"): 1}
    assert [row[0] for row in bench.rows("order_line", "order_id")] == ["A1", "A4"]


def full(**changes: Any) -> Contract:
    return invented_contract(coverage=Coverage.FULL, supersede=Supersede(SupersedeBy.KEY, key=("order_id",)), **changes)


def test_a_full_export_below_80_percent_of_the_former_is_held_until_a_person_confirms_it(bench: Bench) -> None:
    bench.contracts = (full(),)
    bench.drop("1.csv", orders(*range(10)))
    bench.ingest()
    bench.drop("2.csv", orders(*range(8)))
    assert bench.ingest().deliveries[0].state == "active"  # eight of ten: just enough
    bench.drop("3.csv", orders(*range(6)))
    result = bench.ingest()
    assert result.deliveries[0].state == "held"
    assert result.deliveries[0].state_reason == "a full export of 6 records, the one before had 8"
    assert [i.detail for i in result.issues if i.reason == "shrunk_full_export"] == ["6 of 8 (75.0%), limit 80.0%"]
    assert len(bench.current("order_line", "order_id")) == 8  # nothing is gone meanwhile
    bench.drop("4.csv", orders(*range(6), quantity=2))
    assert bench.ingest().deliveries[0].state == "held"  # the held one is not what it is compared with
    confirm(bench.ledger, result.deliveries[0].delivery_id, bench.clock)
    assert len(bench.current("order_line", "order_id")) == 6


def test_shrinking_counts_within_one_run_too_and_the_limit_is_the_contracts(bench: Bench) -> None:
    bench.contracts = (full(held_shrunk_share=0.5),)
    for number, count in enumerate((10, 6, 2, 5)):
        bench.drop(f"{number}.csv", orders(*range(count)))
    assert [d.state for d in bench.ingest().deliveries] == ["active", "active", "held", "active"]


def test_what_a_later_full_export_lacks_is_gone(bench: Bench) -> None:
    bench.contracts = (full(),)
    bench.drop("1.csv", orders(1, 2, 3, 4, 5))
    bench.ingest()
    bench.drop("2.csv", orders(1, 2, 4, 5))
    bench.ingest()
    assert [row[0] for row in bench.current("order_line", "order_id")] == ["A1", "A2", "A4", "A5"]


def test_a_record_flagged_as_deleted_says_so_in_the_lake(bench: Bench) -> None:
    flagged = invented_contract(
        columns=(*COLUMNS, Column("is_deleted", ("Deleted",), kind="boolean", heading_required=False)),
        deleted_flag="is_deleted", targets=(Target(LINES.entity, LINES.columns),),
    )  # fmt: skip
    bench.contracts = (flagged,)
    bench.drop("a.csv", csv_text("A1,x,,1,1,,,true", "A2,x,,1,1,,,false", headings=(*HEADINGS, "Deleted")))
    bench.ingest()
    assert bench.current("order_line", "order_id, _is_deleted") == [("A1", True), ("A2", False)]


PERIOD = {"supersede": Supersede(SupersedeBy.PERIOD, period=("cast(ordered_at as date)",))}
ALTERNATING: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "full export": ({"coverage": Coverage.FULL}, ("1.csv", "2.csv", "3.csv")),
    "same file name": ({"supersede": Supersede(SupersedeBy.FILE_NAME)}, ("a.csv", "a.csv", "a.csv")),
    "same period": (PERIOD, ("1.csv", "2.csv", "3.csv")),
    "same key and name": ({}, ("a.csv", "a.csv", "a.csv")),
}


# a folder holds one file of a name at a time
_RUNS = [
    pytest.param(case, runs, id=f"{case}, runs of {runs}")
    for case, (_, names) in ALTERNATING.items()
    for runs in [(1, 1, 1), (2, 1), (1, 2), (3,)]
    if max(runs) == 1 or len(set(names)) > 1
]


@pytest.mark.parametrize(("case", "runs"), _RUNS)
def test_a_source_that_alternates_between_two_states_ends_in_the_last(
    bench: Bench, case: str, runs: tuple[int, ...]
) -> None:
    changes, names = ALTERNATING[case]
    bench.contracts = (invented_contract(**changes),)
    states = [orders(1, 2), orders(1, 2, quantity=7), orders(1, 2)]
    waiting = list(zip(names, states, strict=True))
    for count in runs:
        for name, content in waiting[:count]:
            bench.drop(name, content)
        waiting = waiting[count:]
        bench.ingest()
    assert bench.current("order_line", "order_id, quantity") == [("A1", 1), ("A2", 1)]
