"""A home written by an older Milepost is migrated when it is opened, and goes on; a newer one is refused untouched."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from ingestion.accounting import check
from ingestion.backup import backup, finish_restore, restore
from ingestion.contracts.model import ContractSet
from ingestion.errors import MilepostError
from ingestion.home import Home
from ingestion.ledger.deliveries import list_deliveries, list_lake_parts
from ingestion.ledger.engine import HEAD, MIGRATIONS, open_ledger, schema_version
from ingestion.reprocess import reprocess
from tests.ingestion_bench import KEYS, NOW, Bench, csv_text

FIRST = "0001"


def make_old(bench: Bench, version: str = FIRST) -> None:
    """Give the home's ledger the schema of an older release, with the same deliveries, accounting and files."""
    bench.ledger.dispose()
    current = bench.home.ledger.rename(bench.home.root / "current.db")
    engine = create_engine(f"sqlite:///{bench.home.ledger}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"attach '{current}' as present")
        tables = connection.execute(text("select name from sqlite_master where type = 'table'")).scalars().all()
        for table in tables:
            if table.startswith(("sqlite_", "alembic_")):
                continue
            columns = ", ".join(row[1] for row in connection.exec_driver_sql(f"pragma table_info({table})"))
            connection.exec_driver_sql(f"insert into {table} ({columns}) select {columns} from present.{table}")
        connection.commit()
    engine.dispose()
    for path in bench.home.root.glob("current.db*"):
        path.unlink()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "home")
    good = [f"B{n},x,,1,1,2026-02-01,y" for n in range(30)]
    bench.drop("a.csv", csv_text(*good, "C1,x,,0,1,2026-02-01,"))
    bench.ingest()
    return bench


def test_a_home_of_the_first_release_is_migrated_and_goes_on(bench: Bench) -> None:
    before, parts, rows = bench.deliveries(), bench.parts(), bench.rows("order_line")
    make_old(bench)
    old = create_engine(f"sqlite:///{bench.home.ledger}")
    assert schema_version(old) == FIRST
    with old.connect() as connection:
        columns = [row[1] for row in connection.exec_driver_sql("pragma table_info(delivery)")]
    assert "revision" not in columns
    old.dispose()
    bench.ledger = open_ledger(bench.home)
    assert schema_version(bench.ledger) == HEAD
    assert (bench.deliveries(), bench.parts(), bench.rows("order_line")) == (before, parts, rows)
    assert {part.sha256 for part in list_lake_parts(bench.ledger)} == {None}, "files of that time have no hash"
    assert check(bench.home, bench.ledger) == []
    bench.drop("b.csv", csv_text("D1,x,,1,1,2026-02-01,"))
    bench.ingest()
    again = reprocess(bench.home, bench.ledger, ContractSet(bench.contracts), KEYS, bench.clock)
    assert [one.outcome for one in again] == ["unchanged", "unchanged"]


def test_a_backup_of_the_first_release_is_migrated_when_it_is_restored(bench: Bench, tmp_path: Path) -> None:
    """Its ledger lies in the target as that release left it."""
    before = bench.deliveries()
    target, home = tmp_path / "target", Home(tmp_path / "restored")
    backup(bench.home, target, now=NOW)
    manifest = restore(home, target)
    old = Bench(tmp_path / "old")
    old.ledger.dispose()
    (home.root / "ledger.restored").replace(old.home.ledger)
    old.ledger = open_ledger(old.home)
    make_old(old)
    old.home.ledger.replace(home.root / "ledger.restored")
    finish_restore(home, manifest, KEYS)
    ledger = open_ledger(home)
    assert schema_version(ledger) == HEAD
    assert list_deliveries(ledger) == before
    ledger.dispose()


def test_a_home_of_a_newer_release_is_refused_and_left_as_it_is(bench: Bench) -> None:
    with bench.ledger.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    bench.ledger.dispose()
    content = bench.home.ledger.read_bytes()
    with pytest.raises(MilepostError) as caught:
        open_ledger(bench.home)
    assert "9999" in caught.value.what
    assert caught.value.remedy == "Use the Milepost that wrote it, or a newer one"
    assert bench.home.ledger.read_bytes() == content
