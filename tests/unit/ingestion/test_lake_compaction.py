"""Many small deliveries leave few files, with the same rows, and nobody who reads has to wait."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from ingestion.batch.write import REJECTS, UNITS, StagedFile
from ingestion.commit import staging_folder
from ingestion.compact import CompactionRule, compact, plan
from ingestion.contracts.model import ContractSet
from ingestion.lake import ensure_schemas
from ingestion.ledger.deliveries import LakePart, lake_paths, list_lake_parts
from ingestion.parts import exchange
from ingestion.privacy.vault import Vault
from ingestion.recovery import recover
from ingestion.rejects import show_rejects
from ingestion.reprocess import reprocess
from ingestion.snapshots import current_snapshot, drop_snapshots, take_snapshot
from tests.delivery_year import QUARTER, simulate
from tests.ingestion_bench import KEYS, NOW, Bench, csv_text, invented_contract
from tests.lake_files import write_entity

ENTITIES = ("order", "web_session", UNITS)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "home")
    ensure_schemas(bench.home)
    return bench


def deliver(bench: Bench, seq: int, now: dt.datetime, batch_size: int = 3) -> None:
    """Make a tiny delivery count, as a batch that was just committed."""
    staged = []
    folder = staging_folder(bench.home, f"b{seq}")
    for entity in ("order", "web_session"):
        key = "order_id" if entity == "order" else "session_id"
        rows = [{key: f"{seq}-{n}", "_unit": f"{seq}-{n}", "_contract": f"c{seq % 3}.x"} for n in range(batch_size)]
        path = write_entity(bench.home, entity, rows, delivery_seq=seq)
        staged.append(StagedFile(path.rename(folder / path.name), entity, f"c{seq % 3}.x", batch_size))
    rows = [{"contract": "c", "delivery_seq": seq, "part": "", "unit": f"{seq}-{n}", "tie": 0, "record_count": 1}
            for n in range(batch_size)]  # fmt: skip
    units = write_entity(bench.home, UNITS, rows, delivery_seq=seq)
    units = units.rename(folder / units.name)
    staged.append(StagedFile(units, UNITS, "c", batch_size))
    exchange(bench.home, bench.ledger, [], staged, f"b{seq}", now)


def read(folder: Path, entity: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(f"from read_parquet('{folder}/{entity}/*.parquet') order by all").fetchall()


def files_of(bench: Bench) -> set[str]:
    return {
        str(path.relative_to(bench.home.root))
        for entity in ENTITIES
        for path in bench.home.entity(entity).glob("*.parquet")
        if path.name != "_schema.parquet"
    }


@pytest.mark.slow
def test_six_hundred_deliveries_leave_few_files_with_the_same_rows(bench: Bench) -> None:
    start = dt.datetime(2026, 1, 30)
    most = 0
    for seq in range(1, 601):
        now = start + seq * QUARTER  # six days, over the end of a month
        deliver(bench, seq, now)
        if seq % 5 == 0:
            done = compact(bench.home, bench.ledger, CompactionRule(), now)
            most = max(most, done.files)
    assert most <= 3 * 2 * 8, "three entities, two months"
    assert files_of(bench) == {part.path for part in list_lake_parts(bench.ledger)}
    for entity in ("order", "web_session"):
        rows = read(bench.home.lake, entity)
        assert len(rows) == 1800
        assert len(set(rows)) == 1800
    units = bench.rows(UNITS, "delivery_seq, count(*)", "true group by 1")
    assert units == [(seq, 3) for seq in range(1, 601)]
    january = [part for part in list_lake_parts(bench.ledger) if f"{part.committed_at:%m}" == "01"]
    assert len(january) == 3, "a month that is over has one file for each entity"


def test_a_quarter_of_fifteen_minute_deliveries_from_thirty_sources_stays_in_hundreds_of_files() -> None:
    most, written, delivered = simulate(days=90, sources=30, every=12)
    assert most < 500
    assert written < 8 * delivered, "each byte is written a few times, not with every delivery"


def test_files_that_are_large_enough_are_left_alone() -> None:
    rule = CompactionRule(fan_in=2, target_bytes=1000)
    parts = [LakePart(str(n), "order", "c", "b", 1, 1000, None, NOW) for n in range(9)]
    assert plan(parts, rule, NOW) == []


def test_readers_of_a_snapshot_keep_their_files_for_the_grace_time(bench: Bench) -> None:
    for seq in range(1, 9):
        deliver(bench, seq, NOW)
    snapshot = take_snapshot(bench.home, bench.ledger)
    assert snapshot == current_snapshot(bench.home)
    before = {entity: read(snapshot, entity) for entity in ENTITIES}
    listed = sorted((snapshot / "order").glob("*.parquet"))
    compact(bench.home, bench.ledger, CompactionRule(), NOW)
    after = take_snapshot(bench.home, bench.ledger)
    assert after != snapshot
    assert len(list((after / "order").glob("*.parquet"))) == 2  # the schema, and one file with all rows
    assert all(path.exists() for path in listed)
    for entity in ENTITIES:
        assert read(snapshot, entity) == before[entity] == read(after, entity)
    wall = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    assert drop_snapshots(bench.home, wall, dt.timedelta(hours=1)) == 0
    assert drop_snapshots(bench.home, wall + dt.timedelta(hours=2), dt.timedelta(hours=1)) == 1
    assert not snapshot.exists()
    assert current_snapshot(bench.home) == after
    assert take_snapshot(bench.home, bench.ledger) == after, "nothing is other: no further one"


def test_everything_still_works_on_merged_files(bench: Bench) -> None:
    for number in range(9):
        good = [f"A{number}-{n},Person {number},1381234{number:04d},1,1,2026-02-01," for n in range(30)]
        bench.drop(f"{number}.csv", csv_text(*good, f"B{number},x,,0,1,2026-02-01,"))
        bench.ingest()
    before = {entity: bench.rows(entity) for entity in ("order_line", "customer", UNITS)}
    held = Vault(bench.home.vault, KEYS).known_tokens().to_pylist()
    done = compact(bench.home, bench.ledger, CompactionRule(), bench.clock)
    assert done.files < done.files_before / 3
    assert {entity: bench.rows(entity) for entity in before} == before
    assert sorted(Vault(bench.home.vault, KEYS).known_tokens().to_pylist()) == sorted(held)
    revealed = Vault(bench.home.vault, KEYS).reveal(held)
    assert {f"Person {n}" for n in range(9)} <= set(revealed.values())
    shown = show_rejects(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, contract="shop.orders")
    assert [one.record_number for one in shown] == [31] * 9
    bench.contracts = (invented_contract(fingerprint="f2"),)
    again = reprocess(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, bench.clock)
    assert {one.outcome for one in again} == {"unchanged"}
    assert compact(bench.home, bench.ledger, CompactionRule(), bench.clock).written_bytes == 0
    parts = list_lake_parts(bench.ledger)
    assert len([part for part in parts if part.entity == REJECTS]) == 1
    assert all(part.sha256 for part in parts)


@pytest.mark.parametrize("moment", ["written", "placed", "committed"])
def test_killed_while_merging_and_run_again_loses_and_doubles_nothing(
    bench: Bench, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seq in range(1, 20):
        deliver(bench, seq, NOW)
    before = {entity: read(bench.home.lake, entity) for entity in ENTITIES}

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "written":
            patch.setattr("ingestion.compact.exchange", die)
        elif moment == "placed":
            patch.setattr("ingestion.parts.remove_lake_parts", die)
        else:
            patch.setattr(Path, "unlink", die)
        with pytest.raises(Killed):
            compact(bench.home, bench.ledger, CompactionRule(), NOW)
    recover(bench.home, bench.ledger)
    assert {entity: read(bench.home.lake, entity) for entity in ENTITIES} == before
    compact(bench.home, bench.ledger, CompactionRule(), NOW)
    assert {entity: read(bench.home.lake, entity) for entity in ENTITIES} == before
    assert files_of(bench) == lake_paths(bench.ledger)
