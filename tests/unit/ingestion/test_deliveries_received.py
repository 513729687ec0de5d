"""Which files become deliveries, what the same bytes again do, and that a killed run leaves nothing behind."""

from __future__ import annotations

import datetime as dt
import os
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import ingestion.commit
import ingestion.ingest
import ingestion.parts
import ingestion.receive
from ingestion.contracts.model import ContractSet, Coverage, Supersede, SupersedeBy
from ingestion.entity import load_entities
from ingestion.errors import MilepostError, TransientError
from ingestion.lake import write_operational
from ingestion.ledger.deliveries import confirm, get_delivery, withdraw
from ingestion.lock import holder, home_lock
from ingestion.privacy.crypt import open_decrypted
from ingestion.receive import has_news, new_files
from ingestion.rejects import list_rejects, show_rejects
from tests.ingestion_bench import KEYS, NOW, Bench, csv_text, invented_contract

A = csv_text("A1,x,,1,1,2026-02-01,")
B = csv_text("A1,x,,2,1,2026-02-01,")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def test_the_same_bytes_again_are_recorded_without_effect(bench: Bench) -> None:
    bench.drop("a.csv", A)
    bench.ingest()
    again = bench.drop("copy of a.csv", A)
    result = bench.ingest()
    assert [d.state for d in result.receipt.duplicates] == ["duplicate"]
    assert not again.exists()
    assert bench.current("order_line", "quantity") == [(1.0,)]


@pytest.mark.parametrize(
    "rule",
    [
        {"supersede": Supersede(SupersedeBy.FILE_NAME)},
        {"supersede": Supersede(SupersedeBy.PERIOD, period=("cast(ordered_at as date)",))},
        {"supersede": Supersede(SupersedeBy.KEY, unit=("order_id",))},
        {"supersede": Supersede(SupersedeBy.NONE), "coverage": Coverage.FULL},
    ],
)
def test_a_file_and_its_correction_and_the_file_again_end_in_the_file(bench: Bench, rule: dict) -> None:
    bench.contracts = (invented_contract(**rule),)
    for content, quantity in ((A, 1.0), (B, 2.0), (A, 1.0)):
        bench.drop("day.csv", content)
        bench.ingest()
        assert bench.current("order_line", "quantity") == [(quantity,)]
    assert [d.state for d in bench.deliveries()] == ["active"] * 3
    assert len({d.delivery_id for d in bench.deliveries()}) == 3


def test_a_later_file_of_the_same_period_under_another_name_replaces_it(bench: Bench) -> None:
    bench.contracts = (
        invented_contract(supersede=Supersede(SupersedeBy.PERIOD, period=("cast(ordered_at as date)",))),
    )
    for name, content in (("a.csv", A), ("corrected.csv", B), ("a again.csv", A)):
        bench.drop(name, content)
        bench.ingest()
    assert [d.state for d in bench.deliveries()] == ["active"] * 3
    assert bench.current("order_line", "quantity") == [(1.0,)]


def test_every_record_counts_where_nothing_supersedes(bench: Bench) -> None:
    bench.contracts = (invented_contract(supersede=Supersede(SupersedeBy.NONE)),)
    for name, content in (("a.csv", A), ("b.csv", B), ("c.csv", A)):
        bench.drop(name, content)
        bench.ingest()
    assert bench.current("order_line", "quantity") == [(1.0,), (2.0,)]


def test_a_full_export_removes_what_it_no_longer_has_and_withdrawing_it_brings_it_back(bench: Bench) -> None:
    # half of the records gone is what the source says here
    bench.contracts = (invented_contract(coverage=Coverage.FULL, held_shrunk_share=0.0),)
    bench.drop("1.csv", csv_text("A1,x,,1,1,2026-02-01,", "A2,x,,1,1,2026-02-01,"))
    bench.ingest()
    bench.drop("2.csv", csv_text("A2,x,,1,1,2026-02-01,"))
    second = bench.ingest().deliveries[0]
    assert bench.current("order_line", "order_id") == [("A2",)]
    withdraw(bench.ledger, second.delivery_id, NOW)
    assert bench.current("order_line", "order_id") == [("A1",), ("A2",)]
    confirm(bench.ledger, second.delivery_id, NOW)
    assert bench.current("order_line", "order_id") == [("A2",)]


def test_where_a_version_decides_the_order_of_delivery_does_not(tmp_path: Path) -> None:
    rule = Supersede(SupersedeBy.KEY, key=("order_id",), version="ordered_at")
    contents = [
        csv_text("A1,x,,1,1,2026-02-01,", "A2,x,,1,7,2026-02-01,"),
        csv_text("A1,x,,2,1,2026-02-02,", "A2,x,,1,8,2026-02-01,"),  # A2: same version, other content
    ]
    found = []
    for order in ((0, 1), (1, 0)):
        bench = Bench(tmp_path / f"from {order[0]}", (invented_contract(supersede=rule),))
        for number in order:
            bench.drop(f"{number}.csv", contents[number])
            bench.ingest()
        found.append(bench.current("order_line", "order_id, quantity, unit_price"))
    assert found[0] == found[1]
    assert found[0][0][:2] == ("A1", 2.0)


def test_unrecognised_files_stay_and_are_taken_up_once_a_contract_reads_them(bench: Bench) -> None:
    odd = bench.drop("odd.txt", "Order;Customer\n")
    stray = bench.home.inbox / "stray.csv"
    stray.write_text(A)
    for _ in range(2):
        result = bench.ingest()
        assert sorted(d.file_name for d in result.receipt.unrecognised) == ["odd.txt", "stray.csv"]
        assert not result.is_clean
    assert len(bench.deliveries()) == 2
    assert odd.exists() and stray.exists()
    odd.write_text(A)
    anything = replace(invented_contract().file, name_pattern=re.compile(".*"))
    bench.contracts = (invented_contract(file=anything),)
    assert [d.file_name for d in bench.ingest().active] == ["odd.txt"]


def test_unfinished_and_hidden_files_wait(bench: Bench) -> None:
    for name in ("a.csv.part", ".a.csv", "~$a.csv", "a.tmp"):
        bench.drop(name, A)
    assert new_files(bench.ledger, bench.home.inbox) == []
    assert bench.ingest().deliveries == []


def test_a_file_changed_a_moment_ago_waits(bench: Bench) -> None:
    path = bench.drop("a.csv", A)
    stamp = (bench.clock - dt.datetime(1970, 1, 1)).total_seconds() + 3600 - 2  # two seconds before the next run
    os.utime(path, (stamp, stamp))
    result = bench.ingest(rest_seconds=5)
    assert (result.deliveries, result.receipt.waiting) == ([], ["shop/a.csv"])
    assert [d.state for d in bench.ingest(rest_seconds=5).deliveries] == ["active"]


def test_the_inbox_can_keep_its_files_without_reading_them_twice(bench: Bench) -> None:
    path = bench.drop("a.csv", A)
    assert has_news(bench.home, bench.ledger)
    assert len(bench.ingest(keep_inbox=True).deliveries) == 1
    assert path.exists()
    assert not has_news(bench.home, bench.ledger)
    assert bench.ingest(keep_inbox=True).deliveries == []
    assert len(bench.deliveries()) == 1
    path.write_text(B)
    assert len(bench.ingest(keep_inbox=True).deliveries) == 1
    assert bench.current("order_line", "quantity") == [(2.0,)]


def test_the_archive_gives_the_received_bytes_back(bench: Bench) -> None:
    bench.drop("a.csv", A)
    (delivery,) = bench.ingest().deliveries
    with open_decrypted(bench.home.archive / str(delivery.archived_as), KEYS) as file:
        assert file.read() == A.encode()


class Killed(BaseException):
    """The process ends here."""


POINTS: dict[str, tuple[object, str, bool]] = {
    "before a file is archived": (ingestion.receive, "_archive", False),
    "before registering": (ingestion.receive, "_register", False),
    "received, not read": (ingestion.ingest, "_run_batches", False),
    "staged, not committed": (ingestion.ingest, "commit", False),
    "files placed, ledger not written": (ingestion.parts, "add_lake_parts", False),
    "within the transaction": (ingestion.commit, "record_source_checks", False),
    "committed, inbox not emptied": (ingestion.ingest, "commit", True),
    "inbox half emptied": (ingestion.ingest, "leave_inbox", False),
}


@pytest.mark.parametrize("point", list(POINTS))
@pytest.mark.parametrize("is_file_gone", [False, True])
def test_a_run_killed_anywhere_and_run_again_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, is_file_gone: bool
) -> None:
    files = {
        "a.csv": csv_text("A1,Zhang,13812345678,1,1,2026-02-01,", ",x,,1,1,2026-02-01,"),
        "b.csv": B,
        "bad.csv": csv_text("A3,x,,0,1,2026-02-01,"),
    }
    undisturbed, killed = Bench(tmp_path / "whole"), Bench(tmp_path / "killed")
    for name, content in files.items():
        undisturbed.drop(name, content)
        killed.drop(name, content)
    undisturbed.ingest()

    module, name, is_after = POINTS[point]
    original: Callable[..., object] = getattr(module, name)

    def kill(*arguments: object, **named: object) -> object:
        if is_after:
            original(*arguments, **named)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, name, kill)
        killed.ingest()
    if is_file_gone and any(d.archived_as for d in killed.deliveries()):
        for path in (killed.home.inbox / "shop").glob("*.csv"):
            path.unlink()  # its bytes are in the archive
    elif is_file_gone:
        pytest.skip("nothing was registered yet: the files are all there is")
    killed.ingest()

    for entity in ("order_line", "customer", "delivery_unit"):
        assert killed.rows(entity) == undisturbed.rows(entity), entity
    facts = [[(d.file_name, d.state, d.state_reason) for d in one.deliveries()] for one in (killed, undisturbed)]
    assert facts[0] == facts[1]
    assert killed.parts() == undisturbed.parts()
    assert [p.name for p in (killed.home.inbox / "shop").glob("*")] == []
    kept = [sorted(len(list(folder.glob("*.parquet"))) for folder in (one.home.rejects, one.home.vault / "identifiers"))
            for one in (killed, undisturbed)]  # fmt: skip
    assert kept[0] == kept[1]


def test_a_file_that_changes_while_it_is_read_counts_as_it_was_received(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ingestion.batch.run as run

    path = bench.drop("a.csv", A)
    original, calls = run.stage, []

    def stage_and_change(*arguments: object, **named: object) -> object:
        staged = original(*arguments, **named)  # type: ignore[arg-type]
        if not calls:
            path.write_text(B + "A9,x,,5,1,2026-02-01,\n")
        calls.append(1)
        return staged

    monkeypatch.setattr(run, "stage", stage_and_change)
    bench.ingest()
    assert bench.current("order_line", "order_id, quantity") == [("A1", 1.0)]
    assert path.exists(), "the changed file is another delivery"
    bench.ingest()
    assert bench.current("order_line", "order_id, quantity") == [("A1", 2.0), ("A9", 5.0)]


def test_rejected_records_are_listed_by_reason_and_shown_masked(bench: Bench) -> None:
    bench.drop("a.csv", csv_text("A1,Zhang Wei,13812345678,0,1,2026-02-01,call 13987654321", "A2,x,,1,1,2026-02-01,"))
    bench.ingest()
    (group,) = list_rejects(bench.ledger)
    assert (group.column, group.reason, group.record_count) == ("quantity", "below_minimum", 1)
    (record,) = show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, reason="below_minimum")
    assert record.record_number == 1
    cells = dict(record.cells)
    assert cells["Customer"] == "Z**" and cells["Phone"] == "138****5678" and cells["Quantity"] == "0"
    assert "13987654321" not in cells["Note"]


def test_the_operational_entities_tell_of_every_delivery(bench: Bench) -> None:
    bench.drop("a.csv", A)
    bench.drop("bad.csv", csv_text("A3,x,,0,1,2026-02-01,"))
    bench.drop("odd.txt", "x")
    bench.ingest()
    write_operational(bench.home, bench.ledger, bench.clock)
    for entity in load_entities().values():
        schema = pq.read_schema(bench.home.entity(entity.name) / "_schema.parquet")
        assert schema.names == [column.name for column in entity.all_columns]
    rows = bench.rows("delivery", "file_name, state, is_active")
    assert rows == [("a.csv", "active", True), ("bad.csv", "held", False), ("odd.txt", "unrecognised", False)]
    assert bench.rows("delivery_part", "received_rows, accepted_rows, rejected_rows") == [(1, 0, 1), (1, 1, 0)]
    assert bench.rows("source_check", "source_system, contract, checked_at, last_received_at") == [
        ("shop", "shop.orders", bench.clock, bench.clock)
    ]


def test_a_delivery_of_which_nothing_was_read_cannot_be_confirmed(bench: Bench) -> None:
    bench.drop("a.csv", "Order,Quantity\nA1,1\n")
    (held,) = bench.ingest().deliveries
    with pytest.raises(MilepostError, match="nothing of it could be read"):
        confirm(bench.ledger, held.delivery_id, NOW)
    with pytest.raises(MilepostError, match="no delivery nonsense"):
        get_delivery(bench.ledger, "nonsense")


def test_one_lock_for_all_and_it_says_who_holds_it(bench: Bench) -> None:
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with home_lock(bench.home, "the sensor"):
            held.set()
            free.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        with pytest.raises(TransientError, match="in use by the sensor"), home_lock(bench.home, "a person"):
            pass
    finally:
        free.set()
        thread.join()
    with home_lock(bench.home, "a person"):
        assert (holder(bench.home) or "").startswith("a person")
    assert holder(bench.home) is None
