"""What is removed by rule, and that nothing is removed that counts, may count again, or is needed for a replay."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ingestion.contracts.model import ContractSet, Coverage, Supersede, SupersedeBy
from ingestion.errors import MilepostError
from ingestion.ledger import runs
from ingestion.ledger.deliveries import confirm, withdraw
from ingestion.reprocess import reprocess
from ingestion.retention import RetentionRule, put_away, to_bring_back
from tests.ingestion_bench import KEYS, NOW, Bench, csv_text, invented_contract

DAY = dt.timedelta(days=1)
ALL = [f"B{n},x,,1,1,2026-02-01,y" for n in range(30)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "home")


def archived(bench: Bench) -> list[str]:
    return sorted(path.relative_to(bench.home.archive).as_posix() for path in bench.home.archive.rglob("*.mpf"))


def apply(bench: Bench, after_days: float, **rule: float | None) -> object:
    later = bench.clock + after_days * DAY
    return put_away(bench.home, bench.ledger, RetentionRule(**rule), as_of=later, now=later)


def test_by_default_nothing_that_counts_is_ever_removed(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*ALL, "C1,x,,0,1,2026-02-01,"))
    bench.ingest()
    bench.drop("b.csv", csv_text(*ALL))
    bench.ingest()
    before, files = bench.rows("order_line"), archived(bench)
    assert apply(bench, 10_000).is_nothing  # type: ignore[attr-defined]
    assert (bench.rows("order_line"), archived(bench)) == (before, files)


def test_a_withdrawn_delivery_leaves_lake_and_archive_after_its_time(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*ALL))
    bench.drop("b.csv", csv_text("D1,x,,1,1,2026-02-01,y"))
    bench.ingest()
    gone = next(d for d in bench.deliveries() if d.file_name == "b.csv")
    withdraw(bench.ledger, gone.delivery_id, bench.clock)
    assert apply(bench, 89).is_nothing  # type: ignore[attr-defined]
    done = apply(bench, 91)
    assert (done.deliveries, done.archived_files) == (1, 1)  # type: ignore[attr-defined]
    assert bench.rows("order_line", "distinct _delivery_seq") == [(1,)]
    assert bench.rows("delivery_unit", "distinct delivery_seq") == [(1,)]
    assert len(archived(bench)) == 1
    assert [part.accepted_rows for part in bench.parts()] == [30, 1], "the accounting stays"
    with pytest.raises(MilepostError, match="removed by the retention rule"):
        confirm(bench.ledger, gone.delivery_id, bench.clock)
    assert apply(bench, 92).is_nothing  # type: ignore[attr-defined]


def test_an_archived_file_stays_while_a_delivery_of_the_same_bytes_counts(bench: Bench) -> None:
    bench.drop("a.csv", csv_text(*ALL))
    bench.ingest()
    first = bench.deliveries()[0]
    withdraw(bench.ledger, first.delivery_id, bench.clock)
    bench.drop("again.csv", csv_text(*ALL))
    bench.ingest()
    assert [d.state for d in bench.deliveries()] == ["withdrawn", "active"]
    apply(bench, 100)
    assert archived(bench) == [first.archived_as]
    assert bench.current("order_line", "count(*)") == [(30,)]


def test_rows_of_a_replaced_full_export_go_and_come_back_when_its_successor_is_withdrawn(bench: Bench) -> None:
    bench.contracts = (
        invented_contract(coverage=Coverage.FULL, supersede=Supersede(SupersedeBy.KEY, key=("order_id",))),
    )
    bench.drop("a.csv", csv_text(*ALL))
    bench.ingest()
    bench.drop("b.csv", csv_text(*ALL[:29]))
    second = bench.ingest().deliveries[0]
    if second.state != "active":
        confirm(bench.ledger, second.delivery_id, bench.clock)
    before = bench.current("order_line", "order_id")
    assert apply(bench, 29, superseded_days=30).is_nothing  # type: ignore[attr-defined]
    done = apply(bench, 31, superseded_days=30)
    assert (done.deliveries, done.archived_files) == (1, 0)  # type: ignore[attr-defined]
    assert bench.rows("order_line", "distinct _delivery_seq") == [(2,)]
    assert bench.current("order_line", "order_id") == before
    assert to_bring_back(bench.home, bench.ledger) == []
    withdraw(bench.ledger, second.delivery_id, bench.clock)
    assert to_bring_back(bench.home, bench.ledger) == [1]
    (again,) = reprocess(
        bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, bench.clock, delivery_seqs=[1]
    )  # fmt: skip
    assert again.outcome == "changed"
    assert bench.current("order_line", "count(*)") == [(30,)]
    assert to_bring_back(bench.home, bench.ledger) == []


def test_an_age_for_archived_files_spares_those_that_a_replay_needs(bench: Bench) -> None:
    bench.drop("clean.csv", csv_text(*ALL))
    bench.drop("rejects.csv", csv_text(*ALL, "C1,x,,0,1,2026-02-01,"))
    bench.ingest()
    kept = next(d for d in bench.deliveries() if d.file_name == "rejects.csv")
    assert apply(bench, 366, archive_days=365).archived_files == 1  # type: ignore[attr-defined]
    assert archived(bench) == [kept.archived_as]
    (left, other) = reprocess(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, bench.clock)
    assert "removed by the retention rule" in str(left.reason)
    assert other.outcome == "unchanged"


def test_killed_between_marking_and_removing_the_next_call_removes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.drop("a.csv", csv_text(*ALL))
    bench.ingest()
    withdraw(bench.ledger, bench.deliveries()[0].delivery_id, bench.clock)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("ingestion.retention._remove_archives", die)
        with pytest.raises(Killed):
            apply(bench, 91)
    assert len(archived(bench)) == 1
    assert apply(bench, 91).archived_files == 1  # type: ignore[attr-defined]


def test_old_runs_leave_the_ledger_and_the_latest_stay(bench: Bench) -> None:
    for number in range(60):
        started = NOW + number * DAY
        runs.begin_run(bench.ledger, f"r{number:02}", started_at=started, launched_by="command", as_of=started)
        runs.record_stage(bench.ledger, f"r{number:02}", runs.StageTiming("ingest", 1.0, None, started))
        runs.end_run(bench.ledger, f"r{number:02}", ended_at=started, outcome=runs.PUBLISHED)
    later = NOW + 200 * DAY
    done = put_away(bench.home, bench.ledger, RetentionRule(run_days=100), as_of=later, now=later)
    assert done.runs == 10
    assert [run.run_id for run in runs.last_runs(bench.ledger, 100)] == [f"r{n:02}" for n in range(59, 9, -1)]
