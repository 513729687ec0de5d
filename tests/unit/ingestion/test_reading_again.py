"""Rejected records go through once their contract is right, and a changed contract reaches records taken before."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event

from ingestion.contracts.model import Contract, ContractSet, Coverage, Supersede, SupersedeBy
from ingestion.errors import TransientError
from ingestion.ledger.deliveries import confirm, lake_paths, withdraw
from ingestion.recovery import recover
from ingestion.rejects import list_rejects, show_rejects
from ingestion.reprocess import Reread, replay, reprocess
from tests.ingestion_bench import KEYS, Bench, csv_text, invented_contract

GOOD = [f"B{n},Zhang Wei,13812345678,1,5.00,2026-02-01,y" for n in range(60)]
#: A fraction, which the shipped contract refuses.
HALF = "C1,Li Na,13912345678,1.5,10.00,2026-02-02,call 13712345678"


def mended(**changes: object) -> Contract:
    """The contract with quantities that may be fractions."""
    former = invented_contract()
    columns = tuple(
        dataclasses.replace(column, kind="decimal") if column.name == "quantity" else column
        for column in former.columns
    )
    return dataclasses.replace(former, columns=columns, version="1.1.0", fingerprint="f2", **changes)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def read_again(bench: Bench, how: str = "replay", **further: object) -> list[Reread]:
    call = replay if how == "replay" else reprocess
    return call(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, bench.clock, **further)  # type: ignore[arg-type]


def content(bench: Bench) -> dict[str, object]:
    """Everything that counts: lake, accounting, states."""
    return {
        **{entity: bench.rows(entity) for entity in ("order_line", "customer", "delivery_unit")},
        "parts": bench.parts(),
        "states": [(d.delivery_seq, d.state, d.revision) for d in bench.deliveries()],
    }


def assert_accounted(bench: Bench) -> None:
    units = dict(bench.rows("delivery_unit", "delivery_seq, sum(record_count)", "true group by 1"))
    contracts = ContractSet(bench.contracts)
    rejected = len(show_rejects(bench.home, bench.ledger, contracts, KEYS, limit=1000))
    assert rejected == sum(part.rejected_rows for part in bench.parts())
    for part in bench.parts():
        assert part.received_rows == part.accepted_rows + part.superseded_rows + part.rejected_rows
        assert units.get(part.delivery_seq, 0) == part.accepted_rows
    on_disk = {
        str(path.relative_to(bench.home.root))
        for folder in (bench.home.lake, bench.home.rejects, bench.home.vault / "identifiers")
        for path in folder.rglob("*.parquet")
        if path.name != "_schema.parquet"
    }
    assert on_disk == lake_paths(bench.ledger)


def test_a_rejected_record_goes_through_after_the_contract_was_corrected(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF))
    bench.ingest()
    bench.contracts = (mended(),)
    (done,) = read_again(bench)
    assert (done.outcome, done.rejected_before, done.rejected, done.accepted) == ("changed", 1, 0, 61)
    assert bench.rows("order_line", "quantity, _record_number, _delivery_seq", "order_id = 'C1'") == [(1.5, 61, 1)]
    assert list_rejects(bench.ledger) == []
    assert bench.deliveries()[0].contract_version == "1.1.0"
    assert_accounted(bench)


def test_replayed_twice_changes_nothing(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF, "C2,x,,0,1,2026-02-01,"))
    bench.ingest()
    bench.contracts = (mended(),)
    read_again(bench)
    before, files = content(bench), lake_paths(bench.ledger)
    (done,) = read_again(bench)
    assert (done.outcome, done.rejected) == ("unchanged", 1)
    assert content(bench) == before
    assert lake_paths(bench.ledger) == files


def test_a_record_that_still_fails_stays_rejected_with_its_reason(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF, "C2,x,,0,1,2026-02-01,"))
    bench.ingest()
    bench.contracts = (mended(),)
    read_again(bench)
    (group,) = list_rejects(bench.ledger)
    assert (group.column, group.reason, group.record_count) == ("quantity", "below_minimum", 1)
    (shown,) = show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS)
    assert shown.record_number == 62
    assert_accounted(bench)


def test_lines_of_an_order_are_numbered_as_if_none_had_been_rejected(bench: Bench) -> None:
    lines = [f"A1,x,,{quantity},1,2026-02-01,y" for quantity in ("1", "2.5", "3")]
    bench.drop("a.csv", csv_text(*GOOD, *lines))
    bench.ingest()
    bench.contracts = (mended(),)
    read_again(bench)
    rows = bench.rows("order_line", "line_number, quantity", "order_id = 'A1'")
    assert rows == [(1, 1.0), (2, 2.5), (3, 3.0)]


def test_a_replayed_record_replaces_an_older_one_of_its_key_in_the_same_file(bench: Bench) -> None:
    rule = Supersede(SupersedeBy.KEY, key=("order_id",), version="ordered_at")
    bench.contracts = (invented_contract(supersede=rule),)
    bench.drop("a.csv", csv_text(*GOOD, "A1,x,,1,1,2026-02-01,", "A1,x,,1.5,1,2026-02-03,"))
    bench.ingest()
    bench.contracts = (mended(supersede=rule),)
    read_again(bench)
    (part,) = bench.parts()
    assert (part.accepted_rows, part.superseded_rows, part.rejected_rows) == (61, 1, 0)
    assert bench.rows("order_line", "quantity", "order_id = 'A1'") == [(1.5,)]


def test_a_later_delivery_keeps_winning_over_one_that_was_read_again(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF))
    bench.ingest()
    bench.drop("b.csv", csv_text("C1,x,,9,1,2026-02-01,"))
    bench.ingest()
    bench.contracts = (mended(),)
    read_again(bench)
    assert bench.current("order_line", "quantity")[-1] == (9.0,)
    assert len(bench.rows("order_line", "1", "order_id = 'C1'")) == 2


def test_replay_loses_no_accepted_record_and_says_what_to_do_instead(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF))
    bench.ingest()
    strict = mended()
    columns = tuple(
        dataclasses.replace(column, minimum=8) if column.name == "price" else column for column in strict.columns
    )
    bench.contracts = (dataclasses.replace(strict, columns=columns),)
    before = content(bench)
    (done,) = read_again(bench)
    assert done.outcome == "left"
    assert "60 records that are accepted would be rejected" in (done.reason or "")
    assert content(bench) == before
    (done,) = read_again(bench, "reprocess")
    assert (done.outcome, done.accepted, done.rejected) == ("changed", 1, 60)
    assert bench.deliveries()[0].state == "held"
    assert_accounted(bench)


def test_a_changed_contract_reaches_accepted_records(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD))
    bench.drop("b.csv", csv_text("D1,x,,1,1,2026-02-01,y"))
    bench.ingest()
    lines = invented_contract().targets[0]
    doubled = tuple((name, "2 * price" if name == "unit_price" else sql) for name, sql in lines.columns)
    targets = (dataclasses.replace(lines, columns=doubled), invented_contract().targets[1])
    bench.contracts = (invented_contract(targets=targets, fingerprint="f2"),)
    first = bench.deliveries()[0]
    done = read_again(bench, "reprocess", delivery_seqs=[first.delivery_seq])
    assert [one.outcome for one in done] == ["changed"]
    prices = dict(bench.rows("order_line", "_delivery_seq, max(unit_price)", "true group by 1"))
    assert prices == {1: Decimal("10.0000"), 2: Decimal("1.0000")}
    assert [d.revision for d in bench.deliveries()] == [1, 0]
    assert_accounted(bench)
    done = read_again(bench, "reprocess", contract="shop.orders")
    assert [one.outcome for one in done] == ["unchanged", "changed"]


def test_what_a_person_decided_stays_decided(bench: Bench) -> None:
    bench.drop("a.csv", csv_text("A1,x,,1,1,2026-02-01,", HALF))
    bench.drop("b.csv", csv_text(*GOOD))
    bench.ingest()
    held, other = bench.deliveries()
    confirm(bench.ledger, held.delivery_id, bench.clock)
    withdraw(bench.ledger, other.delivery_id, bench.clock)
    read_again(bench, "reprocess")
    assert [d.state for d in bench.deliveries()] == ["active", "withdrawn"]


def test_a_held_delivery_becomes_active_once_its_records_are_right(bench: Bench) -> None:
    bench.drop("a.csv", csv_text("A1,x,,1,1,2026-02-01,", HALF))
    bench.ingest()
    assert bench.deliveries()[0].state == "held"
    bench.contracts = (mended(),)
    read_again(bench)
    assert bench.deliveries()[0].state == "active"


def test_without_its_archived_file_a_delivery_stays_and_the_reason_says_so(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF))
    bench.ingest()
    (bench.home.archive / str(bench.deliveries()[0].archived_as)).unlink()
    before = content(bench)
    (done,) = read_again(bench)
    assert (done.outcome, "missing" in str(done.reason)) == ("left", True)
    assert content(bench) == before


@pytest.mark.parametrize("moment", ["written", "placed", "committed"])
def test_killed_half_way_and_run_again_gives_the_same(bench: Bench, tmp_path: Path, moment: str, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    undisturbed = Bench(tmp_path / "undisturbed")
    for one in (bench, undisturbed):
        one.drop("a.csv", csv_text(*GOOD, HALF))
        one.drop("b.csv", csv_text(HALF.replace("C1", "C2"), *GOOD))
        one.ingest()
        one.contracts = (mended(),)
    read_again(undisturbed)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "written":
            patch.setattr("ingestion.reprocess.exchange", die)
        elif moment == "placed":
            patch.setattr("ingestion.parts.remove_lake_parts", die)
        else:
            patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            read_again(bench)
    recover(bench.home, bench.ledger)
    if moment != "committed":
        assert [part.rejected_rows for part in bench.parts()] == [1, 1]
    assert_accounted(bench)
    read_again(bench)
    assert content(bench) == content(undisturbed)
    assert_accounted(bench)


def test_a_full_disk_leaves_everything_as_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF))
    bench.ingest()
    bench.contracts = (mended(),)
    before = content(bench)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ingestion.parts._sync", full)
        with pytest.raises((OSError, TransientError)):
            read_again(bench)
    recover(bench.home, bench.ledger)
    assert content(bench) == before
    (done,) = read_again(bench)
    assert done.outcome == "changed"


def test_the_exchange_is_one_transaction(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*GOOD, HALF))
    bench.ingest()
    bench.contracts = (mended(),)
    commits = []
    event.listen(bench.ledger, "commit", lambda connection: commits.append(_writes(connection)))
    read_again(bench)
    assert sum(commits) == 1


def _writes(connection: object) -> bool:
    return bool(connection.get_execution_options().get("milepost_writes"))  # type: ignore[attr-defined]


def test_full_exports_are_compared_with_the_one_before_and_not_with_a_withdrawn_one(bench: Bench) -> None:
    rule = Supersede(SupersedeBy.KEY, key=("order_id",))
    bench.contracts = (invented_contract(coverage=Coverage.FULL, supersede=rule),)
    for name, records in (("a", GOOD[:30]), ("b", GOOD), ("c", GOOD[:28])):
        bench.drop(f"{name}.csv", csv_text(*records))
        bench.ingest()
        if name == "b":
            withdraw(bench.ledger, bench.deliveries()[-1].delivery_id, bench.clock)
    before = content(bench)
    assert [d.state for d in bench.deliveries()] == ["active", "withdrawn", "active"]
    assert {one.outcome for one in read_again(bench, "reprocess")} == {"unchanged"}
    assert content(bench) == before
